/**
 * Intent first: a call that changes something stands in the outbox, with its idempotency key, before its first request
 * leaves, and what became of it is written there afterwards. A process killed in between leaves a row that says so.
 */
import type { Clock } from '../core/clock.ts'
import { CaravanError, IntegrationError, type Outcome } from '../core/errors.ts'
import {
  beginAt,
  type Claim,
  type End,
  type Entry,
  findByKey,
  finishEntry,
  wasQueued,
  insertSending,
  insertWaiting,
  putBack,
  type Sender,
  takeOver,
} from '../store/outbox.ts'
import { thisProcess } from '../store/process-identity.ts'
import type { Db } from '../store/schema.ts'
import type { Ask, Attempt, Call, Reply } from './call.ts'
import { answerOrTell, repeatable, type Resumption } from './former-call.ts'
import { hashInput } from './input-hash.ts'
import { accepted, entryOf, keyContended, keyOf, rounds, waitingOf } from './outbox-rows.ts'
import { dayMs, delayBefore, mayBeQueued } from './queueable.ts'
import { redactorOf } from './redact.ts'
import { senders } from './senders.ts'
import { note } from './steps.ts'
import { storedFailure, storedOutput } from './stored-failure.ts'
import { whyNotSent } from './why-not-sent.ts'

export type IntentOptions = {
  db: Db
  clock: Clock
  /** Told when the end of a call could not be written down. The call is what it is; its row is found later. */
  onTrouble(error: unknown): void
}

/** Writes a call that changes something down before its request leaves, and what became of it afterwards. */
export function recording(options: IntentOptions, next: Ask): Ask {
  return (call) =>
    call.effect === 'read' || call.isFromOutbox ? next(call) : record(options, call, next)
}

/** Innermost but for the adapter: from here on a request may leave. */
export function announcing(next: Attempt): Attempt {
  return async (call) => {
    if (call.announce) await call.announce(call)
    return next(call)
  }
}

async function record(options: IntentOptions, call: Call, next: Ask): Promise<Reply> {
  const inputHash = hashInput(call.input)
  const { id, route, exchanges, isInDoubt } = call
  for (let round = 1; ; round++) {
    Object.assign(call, { id, route, exchanges, isInDoubt }) // whatever the round before took it for
    const resumed = await resume(options, call, inputHash)
    if (resumed && 'reply' in resumed) return resumed.reply
    try {
      return await send(options, call, next, { inputHash, former: resumed?.former })
    } catch (error) {
      if (!(error instanceof KeyTaken)) throw error
      if (round === rounds) throw keyContended(call)
    }
  }
}

/** A key that the caller gave may have been used before; our own is new. */
async function resume(
  { db, clock }: IntentOptions,
  call: Call,
  inputHash: string,
): Promise<Resumption | undefined> {
  if (call.idempotencyKey === call.id) return undefined
  const former = await findByKey(db, keyOf(call))
  if (!former) return undefined
  const answer = await answerOrTell(former, call, inputHash, clock)
  if ('former' in answer) becomes(call, answer.former)
  return answer
}

/** From here on it is the former call: its id, its requests counted on, and only whom it may be repeated at. */
function becomes(call: Call, former: Entry): void {
  call.id = former.id
  call.exchanges = former.exchanges
  if (repeatable(former)) {
    const candidates = call.route.candidates.filter(({ name }) => name === former.served_by)
    call.route = { ...call.route, candidates, whenUnavailable: 'fail' }
    call.isInDoubt = true
  }
}

type Intent = { inputHash: string; former: Entry | undefined }

/** Another call with the same key was written down since it was looked for. */
class KeyTaken extends Error {}

async function send(options: IntentOptions, call: Call, next: Ask, intent: Intent): Promise<Reply> {
  const { db, clock, onTrouble } = options
  const { former } = intent
  let claim: Claim | undefined
  let [begunAt, isTaken]: [string | undefined, boolean] = [undefined, false]
  const isDoubtful = former !== undefined && repeatable(former)

  call.announce = async ({ service }) => {
    if (begunAt === service.name) return
    if (claim) {
      if (!(await beginAt(db, claim, service.name))) throw takenAway(call)
    } else {
      const sender = senderOf(call, clock)
      if (!former) senders.add(call.id) // before anybody can see its row
      const input = JSON.stringify(call.input)
      claim = former
        ? await takeOver(db, former, sender, service.name, input)
        : await insertSending(db, entryOf(call, intent, clock), sender, service.name, input)
      isTaken = !claim
      if (isTaken) throw new KeyTaken('the key is taken')
      senders.add(call.id)
    }
    begunAt = service.name
  }
  /** What the vendor did must not be lost to a busy state or a full disk. */
  const end = async (how: Omit<End, 'servedBy' | 'exchanges'>): Promise<void> => {
    if (!claim) return
    const whole = { ...how, servedBy: begunAt ?? null, exchanges: call.exchanges }
    await finishEntry(db, claim, whole, clock.now()).catch(onTrouble)
  }

  const before = call.exchanges
  try {
    const reply = await next(call)
    const output = storedOutput(call, reply.output)
    await end({ status: reply.outcome === 'partial' ? 'partial' : 'done', output })
    return reply
  } catch (error) {
    // A layer between may have made another failure of it.
    if (isTaken) throw new KeyTaken('the key is taken')
    const isUnknown = isDoubtful || leavesDoubt(call, error, call.exchanges > before)
    if (mayBeQueued(call, error, isUnknown)) {
      return await queue(options, call, intent, claim, error)
    }
    const outcome = isUnknown ? 'unknown' : 'not_done'
    const status = isUnknown ? 'unknown' : 'failed'
    // Its caller was told, and makes it again with an input of his own.
    const input = status === 'failed' && !(former && wasQueued(former)) ? { input: null } : {}
    await end({ status, error: storedFailure(call, error, outcome), ...input })
    throw error
  } finally {
    call.announce = undefined
    if (claim || !former) senders.delete(call.id) // else it belongs to whoever was faster
  }
}

/** A failure of ours, such as a busy state, says nothing about requests that had left before it. */
export const leavesDoubt = (call: Call, error: unknown, hasSent: boolean): boolean =>
  error instanceof IntegrationError ? error.outcome === 'unknown' : call.isInDoubt || hasSent

/** Accepts the call for later. A call that cannot even be written down has failed, for the reason it failed before. */
async function queue(
  { db, clock, onTrouble }: IntentOptions,
  call: Call,
  intent: Intent,
  claim: Claim | undefined,
  error: unknown,
): Promise<Reply> {
  const askedMs = error instanceof IntegrationError ? error.retryAfterMs : undefined
  const failure = storedFailure(call, error, outcomeOf(error))
  const reason = { ...failure, message: redactorOf(call).text(whyNotSent(call, error, clock)) }
  const waiting = {
    ...waitingOf(call, clock, { delayMs: delayBefore(1, askedMs) }),
    error: reason,
  }
  const row = claim ?? intent.former
  const back = { ...waiting, servedBy: null, exchanges: call.exchanges }
  try {
    const isKept = row
      ? await putBack(db, row, claim ? ['sending'] : ['failed', 'dead'], back)
      : await insertWaiting(db, entryOf(call, intent, clock), waiting)
    if (!isKept) throw takenAway(call)
  } catch (trouble) {
    onTrouble(trouble)
    throw error
  }
  note(call, clock, 'queued', `${reason.message}; tried again at ${utc(waiting.nextAt)}`)
  return { ...accepted, reason }
}

const outcomeOf = (error: unknown): Outcome =>
  error instanceof IntegrationError ? error.outcome : 'not_done'

const utc = (at: Date): string => at.toISOString()

/** Past the end of the call itself nobody can be sending it any more. */
const leaseMarginMs = 60_000

function senderOf(call: Call, clock: Clock): Sender {
  const leftMs = Math.max(0, call.endsAtMs - clock.monotonicMs())
  const leaseMs = Math.min(leftMs, dayMs) + leaseMarginMs
  return { process: thisProcess(), leaseUntil: new Date(clock.now().getTime() + leaseMs) }
}

const takenAway = ({ id }: Call): CaravanError =>
  new CaravanError({
    code: 'call_running',
    message: `call ${id} was taken up by another process`,
    hint: `Nothing more was sent from here. Follow it with: caravan call result ${id}`,
  })
