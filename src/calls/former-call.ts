/** What the same idempotency key, used again, is answered with. */
import type { Clock } from '../core/clock.ts'
import { CaravanError, type FailureKind, failureKinds, IntegrationError } from '../core/errors.ts'
import { utcText } from '../core/words.ts'
import { fromJson } from '../store/json.ts'
import { type Entry, wasQueued, type StoredFailure } from '../store/outbox.ts'
import { isForsaken } from '../store/outbox-upkeep.ts'
import { thisProcess } from '../store/process-identity.ts'
import type { Call, Reply } from './call.ts'
import { senders } from './senders.ts'
import { interruptedCode } from './stored-failure.ts'

/** Either the answer, or the row under which the call is made again. */
export type Resumption = { reply: Reply } | { former: Entry }

/**
 * What became of a call with the same key: its answer, or its row when it was certainly not done or may be repeated at
 * its service without harm. Throws `key_reused`, `call_running`, `queue_settled`, or the former failure that left it
 * unknown whether it was done.
 */
async function answerOf(
  former: Entry,
  call: Call,
  inputHash: string,
  clock: Clock,
): Promise<Resumption> {
  if (former.input_hash !== inputHash) throw reused(former)
  switch (former.status) {
    case 'done':
    case 'partial':
      return { reply: replyOf(former, former.status, fromJson(former.output) ?? null) }
    case 'waiting':
      return { reply: replyOf(former, 'accepted', null) }
    case 'failed':
    case 'dead':
      return { former }
    case 'dropped':
      throw dropped(former)
    case 'sending':
      if (!isForsaken(former, thisProcess(), clock.now(), senders)) throw running(former)
      if (wasQueued(former)) return { reply: replyOf(former, 'accepted', null) }
      break
    case 'unknown':
      if (!isInterrupted(former)) throw unknown(former)
  }
  if (await mayRepeat(former, call)) return { former }
  throw unknown(former)
}

/** What the former call says is no call of its own: the log has it under the id of that one. */
export async function answerOrTell(
  former: Entry,
  call: Call,
  inputHash: string,
  clock: Clock,
): Promise<Resumption> {
  try {
    const answer = await answerOf(former, call, inputHash, clock)
    call.isTold = 'reply' in answer
    return answer
  } catch (error) {
    if (error instanceof IntegrationError) {
      call.id = former.id
      call.isTold = true
    }
    throw error
  }
}

/** A call whose process ended while it was under way, where a repetition does no harm. */
export const repeatable = ({ status }: Pick<Entry, 'status'>): boolean =>
  status === 'sending' || status === 'unknown'

const failureOf = ({ error }: Entry) => fromJson<StoredFailure>(error)

const isInterrupted = (former: Entry): boolean => failureOf(former)?.code === interruptedCode

async function mayRepeat({ served_by: servedBy }: Entry, call: Call): Promise<boolean> {
  const candidate = call.route.candidates.find(({ name }) => name === servedBy)
  if (!candidate) return false
  const { adapter } = await candidate.open()
  const offered = adapter.operations[call.operation]
  return offered !== undefined && offered.repeat !== 'once'
}

const replyOf = (
  { id, served_by: service, finished_at: endedAt, created_at: acceptedAt }: Entry,
  outcome: Reply['outcome'],
  output: unknown,
): Reply => ({
  id,
  outcome,
  output,
  service,
  ageMs: null,
  isStale: false,
  repeated: { at: endedAt ?? acceptedAt, service },
})

/** The failure as it was, and nothing of it is repeated. */
function unknown(former: Entry): IntegrationError {
  const known = failureOf(former)
  const kind = failureKinds.find((one) => one === known?.kind) ?? ('unavailable' as FailureKind)
  return new IntegrationError({
    kind,
    outcome: 'unknown',
    code: known?.code ?? interruptedCode,
    message: known?.message ?? interruptedMessage(former),
    hint: `Nothing was sent: call ${former.id} used this key before, and whether it was done is not known. ${known?.hint ?? ''}`.trim(),
  })
}

export const interruptedMessage = ({ pid, host }: Pick<Entry, 'pid' | 'host'>): string =>
  `the process that sent it (${pid ?? '?'} on ${host ?? '?'}) ended before it could tell what became of it`

const reused = (former: Entry): CaravanError =>
  new CaravanError({
    code: 'key_reused',
    message: `the idempotency key ${former.idempotency_key} belongs to call ${former.id} of ${utcText(former.created_at)}, which had another input`,
    hint: 'Nothing was sent. A key stands for one call with one input: take a new one.',
  })

const running = ({ id, pid, host }: Entry): CaravanError =>
  new CaravanError({
    code: 'call_running',
    message: `call ${id} with the same idempotency key is under way, in process ${pid ?? '?'} on ${host ?? '?'}`,
    hint: `Nothing was sent. Follow it with: caravan call result ${id}`,
  })

const dropped = ({ id }: Entry): CaravanError =>
  new CaravanError({
    code: 'queue_settled',
    message: `call ${id} with the same idempotency key was dropped`,
    hint: 'Nothing was sent. Take a new key when it shall be sent after all.',
    see: `caravan queue show ${id}`,
  })
