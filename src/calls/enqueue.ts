import type { Clock } from '../core/clock.ts'
import { findByKey, insertWaiting, putBack } from '../store/outbox.ts'
import type { Db } from '../store/schema.ts'
import type { Call, Reply } from './call.ts'
import { answerOrTell, repeatable } from './former-call.ts'
import { hashInput } from './input-hash.ts'
import { accepted, entryOf, keyContended, keyOf, rounds, waitingOf } from './outbox-rows.ts'

export type EnqueueOptions = {
  /** Who wants it. */
  by?: string
  /** How long it is tried; default: as its route says. */
  deadlineMs?: number
}

/** Writes a call down for later and sends nothing. The same key again is answered with what became of the first. */
export async function enqueue(
  { db, clock }: { db: Db; clock: Clock },
  call: Call,
  options: EnqueueOptions,
): Promise<Reply> {
  const inputHash = hashInput(call.input)
  const waiting = waitingOf(call, clock, { delayMs: 0, deadlineMs: options.deadlineMs })
  for (let round = 1; round <= rounds; round++) {
    const former = call.idempotencyKey === call.id ? undefined : await findByKey(db, keyOf(call))
    const answer = former && (await answerOrTell(former, call, inputHash, clock))
    if (answer && 'reply' in answer) return answer.reply
    if (answer) {
      const { id, exchanges, status } = answer.former
      const servedBy = repeatable(answer.former) ? answer.former.served_by : null
      const back = { ...waiting, servedBy, exchanges }
      if (await putBack(db, answer.former, [status], back)) return { ...accepted, id }
      continue
    }
    const entry = entryOf(call, { inputHash }, clock, options.by)
    if (await insertWaiting(db, entry, waiting)) return accepted
  }
  throw keyContended(call)
}
