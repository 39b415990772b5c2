/** Sends what waits in the outbox and is due. Any number of processes may do so at once: a call is taken up by one. */
import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import {
  beginAt,
  type Claim,
  type End,
  type Entry,
  finishEntry,
  putBack,
  type Sender,
  type StoredFailure,
} from '../store/outbox.ts'
import { expireWaiting, extendLease, pullBackWaiting, takeDue } from '../store/outbox-due.ts'
import { fromJson } from '../store/json.ts'
import { thisProcess } from '../store/process-identity.ts'
import type { Db, OutboxStatus } from '../store/schema.ts'
import type { Call, Route } from './call.ts'
import { leavesDoubt } from './intent.ts'
import { settleForsaken } from './outbox-forsaken.ts'
import type { CallPath } from './path.ts'
import { delayBefore, longestAskedMs, mayLater } from './queueable.ts'
import { senders } from './senders.ts'
import { storedFailure, storedOutput } from './stored-failure.ts'

/** The services that may serve a kind now; `service`: that one alone. May throw what is wrong with the config. */
export type RouteFor = (kind: string, service: string | null) => Promise<Route>

export type SendOptions = {
  db: Db
  clock: Clock
  path: Pick<CallPath, 'ask'>
  routeFor: RouteFor
  /** No further call is taken up once it is aborted; those under way are ended. */
  signal: AbortSignal
  /** The same, but those under way end by themselves. */
  stop?: AbortSignal
  /** Calls under way at once. */
  concurrency?: number
  /** None but these, by their ids. */
  only?: readonly string[]
  /** None but calls of this kind. */
  kind?: string
  /** Told of each call as soon as it is known what became of it. */
  onSent?(sent: Sent): void
  /** Told when the state could not take what became of a call; its row is found later. */
  onTrouble?(error: unknown): void
}

/** What became of a call that was taken up. */
export type Sent = {
  id: string
  kind: string
  operation: string
  status: OutboxStatus
  service: string | null
  nextAt: Date | null
  error: string | null
}

/** How long other hosts believe that a call is being sent without hearing of it, and how often they hear, in milliseconds. */
const leaseMs = 60_000
const heartbeatMs = 20_000

/** Sends one call after another until none is due. Throws only what is wrong with the state. */
export async function sendDue(options: SendOptions): Promise<Sent[]> {
  const { db, clock, signal, stop, concurrency = 4, only, kind } = options
  const isOver = () => signal.aborted || stop?.aborted === true
  const sent: Sent[] = []
  const underWay = new Set<Promise<void>>()
  const work = async (row: Entry): Promise<void> => {
    const one = await sendOne(options, row)
    sent.push(one)
    try {
      options.onSent?.(one)
    } catch (error) {
      options.onTrouble?.(error)
    }
  }
  await settleForsaken(options)
  await expireWaiting(db, clock.now())
  await pullBackWaiting(db, clock.now(), longestAskedMs + leaseMs)
  try {
    while (!isOver()) {
      while (underWay.size < concurrency && !isOver()) {
        const row = await takeDue(db, sender(clock), clock.now(), { only, kind })
        if (!row) break
        const sending: Promise<void> = work(row).finally(() => underWay.delete(sending))
        underWay.add(sending)
      }
      if (underWay.size === 0) break
      await Promise.race(underWay) // what waited for the same recipient may be due now
    }
  } finally {
    await Promise.allSettled(underWay)
  }
  return sent
}

const sender = (clock: Clock): Sender => ({
  process: thisProcess(),
  leaseUntil: new Date(clock.now().getTime() + leaseMs),
})

async function sendOne(options: SendOptions, row: Entry): Promise<Sent> {
  const { db, clock, onTrouble = () => undefined } = options
  const claim: Claim = { id: row.id, tries: row.tries }
  senders.add(row.id)
  const watch = keepClaim(options, claim)
  const asked: Asked = { call: undefined, before: row.exchanges }
  try {
    const fate = await ask(options, row, asked, watch.signal)
    if (fate.status === 'waiting') await putBack(db, claim, ['sending'], fate)
    else await finishEntry(db, claim, fate, clock.now())
    return told(row, fate)
  } catch (error) {
    onTrouble(error)
    return told(row, { status: 'sending', servedBy: row.served_by })
  } finally {
    watch.stop()
    senders.delete(row.id)
  }
}

/** Set once a request was about to leave. */
type Asked = { call: Call | undefined; before: number }

/** What is to be written: an end, or that it waits again. */
type Fate =
  | End
  | {
      status: 'waiting'
      servedBy: string | null
      exchanges: number
      nextAt: Date
      error: ReturnType<typeof storedFailure>
    }

/** Asks the route, and judges what came of it. Throws nothing but faults of our own state before anything was sent. */
async function ask(
  options: SendOptions,
  row: Entry,
  asked: Asked,
  signal: AbortSignal,
): Promise<Fate> {
  const { db, clock, path, routeFor } = options
  try {
    const route = await routeFor(row.kind, row.served_by ?? row.service)
    const leftMs = Date.parse(row.deadline_at ?? '') - clock.now().getTime()
    const input: unknown = JSON.parse(row.input ?? 'null')
    const announce = async (call: Call): Promise<void> => {
      const service = call.service?.name ?? ''
      if (!(await beginAt(db, row, service))) throw takenAway()
      asked.call = call
    }
    const result = await path.ask(
      {
        ...route,
        deadlineMs: Math.max(1, Math.min(route.deadlineMs, leftMs)),
        whenUnavailable: 'fail',
      },
      row.operation,
      input,
      {
        signal,
        idempotencyKey: row.idempotency_key,
        correlationId: row.correlation_id,
        runId: row.run_id ?? undefined,
        entry: { id: row.id, exchanges: row.exchanges, announce },
        service: row.service ?? undefined,
      },
    )
    return {
      status: result.outcome === 'partial' ? 'partial' : 'done',
      servedBy: result.service,
      exchanges: asked.call?.exchanges ?? row.exchanges,
      output: storedOutput(asked.call ?? { asked: [] }, result.output),
    }
  } catch (error) {
    return judge(options, row, asked, error)
  }
}

/**
 * What a failure means for a call that may wait. A doubt that an earlier try left is not dispelled by a later refusal:
 * `served_by` tells of one that ties the call to its service, the failure of that try of one that does no harm.
 */
function judge({ clock, signal }: SendOptions, row: Entry, asked: Asked, error: unknown): Fate {
  const { call } = asked
  const exchanges = call?.exchanges ?? row.exchanges
  const mayBeDone = call !== undefined && leavesDoubt(call, error, call.exchanges > asked.before)
  const isHarmless = row.effect === 'read' || (call?.isHarmlesslyInDoubt && !call.isInDoubt)
  const isInDoubt = mayBeDone && !isHarmless
  const wasUnknown = row.served_by !== null || failureOf(row)?.outcome === 'unknown'
  const outcome = row.effect !== 'read' && (wasUnknown || mayBeDone) ? 'unknown' : 'not_done'
  const failure = storedFailure(call ?? { asked: [] }, error, outcome)
  const servedBy = isInDoubt ? (call?.service?.name ?? row.served_by) : row.served_by

  const isStopped = signal.aborted || isCancelled(error)
  const isLater = isStopped || mayLater(error) || isInDoubt
  if (isLater && (!isInDoubt || call?.repeat !== 'once')) {
    const askedMs = error instanceof IntegrationError ? error.retryAfterMs : undefined
    const delayMs = signal.aborted ? 0 : delayBefore(row.tries, askedMs)
    return {
      status: 'waiting',
      servedBy,
      exchanges,
      nextAt: nextAt(row, clock, delayMs),
      error: failure,
    }
  }
  const status = outcome === 'unknown' ? 'unknown' : 'failed'
  return { status, servedBy: servedBy ?? call?.service?.name ?? null, exchanges, error: failure }
}

const failureOf = ({ error }: Entry) => fromJson<StoredFailure>(error)

const isCancelled = (error: unknown): boolean =>
  error instanceof IntegrationError && error.kind === 'cancelled'

/** Not later than its deadline: then it is known at once that it came to nothing. */
function nextAt({ deadline_at: deadline }: Entry, clock: Clock, delayMs: number): Date {
  const at = clock.now().getTime() + delayMs
  return new Date(deadline === null ? at : Math.min(at, Date.parse(deadline)))
}

const told = (
  { id, kind, operation }: Entry,
  fate: Fate | { status: 'sending'; servedBy: string | null },
): Sent => ({
  id,
  kind,
  operation,
  status: fate.status,
  service: fate.servedBy,
  nextAt: 'nextAt' in fate ? fate.nextAt : null,
  error: 'error' in fate ? (fate.error?.message ?? null) : null,
})

const takenAway = (): IntegrationError =>
  new IntegrationError({
    kind: 'cancelled',
    outcome: 'not_done',
    message: 'another process has taken the call up',
  })

/** Tells other hosts that the call is being sent; ends it when it was taken away nevertheless. */
function keepClaim({ db, clock, signal, onTrouble = () => undefined }: SendOptions, claim: Claim) {
  const over = new AbortController()
  const end = new AbortController()
  const stop = (): void => end.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const beat = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(heartbeatMs, over.signal)
      const until = new Date(clock.now().getTime() + leaseMs)
      const isMine = await extendLease(db, claim, until).catch((error: unknown) => {
        onTrouble(error)
        return true // a busy state says nothing
      })
      if (!isMine) return end.abort(takenAway())
    }
  }
  beat().catch(() => undefined) // it was stopped
  return {
    signal: end.signal,
    stop(): void {
      over.abort('over')
      signal.removeEventListener('abort', stop)
    },
  }
}
