/** Calls whose process ended while it was sending them. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Repeat } from '../core/adapter.ts'
import type { Clock } from '../core/clock.ts'
import { toInstant } from '../core/clock.ts'
import { type Entry, wasQueued, putBack } from '../store/outbox.ts'
import { finishForsaken, isForsaken, listSending } from '../store/outbox-upkeep.ts'
import { thisProcess } from '../store/process-identity.ts'
import type { Db } from '../store/schema.ts'
import { interruptedMessage } from './former-call.ts'
import type { RouteFor } from './outbox.ts'
import { senders } from './senders.ts'
import { interruptedCode } from './stored-failure.ts'

export type ForsakenOptions = {
  db: Db
  clock: Clock
  routeFor: RouteFor
}

/**
 * What was certainly not begun waits again, and so does what the vendor takes once however often it is sent. The rest
 * may have been done: it is `unknown`, for a person.
 */
export async function settleForsaken({ db, clock, routeFor }: ForsakenOptions): Promise<void> {
  const now = clock.now()
  const rows = await listSending(db)
  await turn() // a call that was taken up just now by another turn of this process is among its senders by then
  for (const row of rows) {
    if (!isForsaken(row, thisProcess(), now, senders)) continue
    const fate = wasQueued(row) ? await fateOf(row, now, routeFor) : 'unknown'
    const { exchanges, served_by: servedBy } = row
    if (fate === 'unknown') {
      const end = { status: fate, servedBy, exchanges, error: interrupted(row) }
      await finishForsaken(db, row, end, now)
    }
    if (fate === 'begun') await putBack(db, row, ['sending'], { servedBy, exchanges, nextAt: now })
    if (fate === 'free') {
      const error = servedBy === null || row.effect === 'read' ? undefined : interrupted(row)
      const back = { servedBy: null, exchanges, nextAt: now, ...(error && { error }) }
      await putBack(db, row, ['sending'], back)
    }
  }
}

/** `free`: it waits for whoever can take it; `begun`: it waits for the service it was begun at. */
type Fate = 'free' | 'begun' | 'unknown' | 'later'

async function fateOf(row: Entry, now: Date, routeFor: RouteFor): Promise<Fate> {
  if (row.served_by === null || row.effect === 'read') return 'free'
  if (row.deadline_at !== null && row.deadline_at <= toInstant(now)) return 'unknown'
  try {
    const { candidates } = await routeFor(row.kind, row.served_by)
    const service = await candidates.find(({ name }) => name === row.served_by)?.open()
    return fates[service?.adapter.operations[row.operation]?.repeat ?? 'unclear']
  } catch {
    return 'later' // its config cannot be read now; its deadline will end it
  }
}

const fates: Readonly<Record<Repeat | 'unclear', Fate>> = {
  safe: 'free',
  keyed: 'begun',
  once: 'unknown',
  unclear: 'later',
}

const interrupted = (row: Entry) => ({
  kind: 'unavailable',
  code: interruptedCode,
  message: interruptedMessage(row),
  hint: "Look in the vendor's console whether it was done before it is sent again.",
  outcome: 'unknown' as const,
})
