import { settleForsaken } from '../calls/outbox-forsaken.ts'
import { fromJson } from '../store/json.ts'
import { getCall, type LoggedCall } from '../store/list-calls.ts'
import { findEntryBy } from '../store/list-outbox.ts'
import type { Entry, StoredFailure } from '../store/outbox.ts'
import type { Db, OutboxStatus } from '../store/schema.ts'
import type { CallState } from './answers/queue.ts'
import type { App } from './app.ts'
import { deliveriesOf } from './deliveries.ts'
import { routeForOf } from './route.ts'

export type { CallState }

const pollMs = 250

/**
 * What became of a call, by its id or by a beginning that only one has; waits for its end up to `waitMs`. Throws
 * `call_unknown` with the nearest id, or `usage` when several begin so.
 */
export async function resultOf(
  app: App,
  id: string,
  { waitMs = 0 }: { waitMs?: number } = {},
): Promise<CallState> {
  const untilMs = app.clock.monotonicMs() + waitMs
  for (;;) {
    const state = await look(app, id)
    const leftMs = untilMs - app.clock.monotonicMs()
    if (state.status !== 'pending' || leftMs <= 0 || app.signal.aborted) return state
    await app.clock.sleep(Math.min(pollMs, leftMs), app.signal).catch(() => undefined)
  }
}

/** The outbox knows calls that change something and those that wait; the log knows all that were made. */
async function look(app: App, id: string): Promise<CallState> {
  const db = await judged(app)
  const entry = await findEntryBy(db, id)
  if (entry) return { ...stateOf(entry), deliveries: await deliveriesOf(db, entry.id) }
  const { call } = await getCall((await app.log()).db, id)
  return { ...loggedState(call), deliveries: [] }
}

/** The state, in which no call is `sending` any more whose process is known to be gone. */
export async function judged(app: App): Promise<Db> {
  const { db } = await app.state()
  await settleForsaken({ db, clock: app.clock, routeFor: routeForOf(app) })
  return db
}

const statusOf: Record<OutboxStatus, CallState['status']> = {
  waiting: 'pending',
  sending: 'pending',
  done: 'done',
  partial: 'partial',
  failed: 'failed',
  dead: 'failed',
  unknown: 'unknown',
  dropped: 'dropped',
}

/** A row of the outbox as its caller sees it. */
function stateOf(row: Entry): Omit<CallState, 'deliveries'> {
  const failure = fromJson<StoredFailure>(row.error)
  return {
    id: row.id,
    operation: `${row.kind}.${row.operation}`,
    status: statusOf[row.status],
    output: fromJson(row.output) ?? null,
    error: failure && row.status !== 'done' ? errorOf(failure) : null,
    service: row.served_by,
    created_at: row.created_at,
    finished_at: row.finished_at,
    next_at: row.next_at,
    deadline_at: row.deadline_at,
    tries: row.tries,
  }
}

export const errorOf = ({ kind, code, message, hint }: StoredFailure) => ({
  kind,
  code,
  message,
  hint,
})

/** Of a call that reads, which needs no row in the outbox: what the log has kept. */
function loggedState(call: LoggedCall): Omit<CallState, 'deliveries'> {
  const isPending = call.outcome === 'running' || call.outcome === 'accepted'
  return {
    id: call.id,
    operation: `${call.kind}.${call.operation}`,
    status: isPending ? 'pending' : (call.outcome as CallState['status']),
    output: parsed(call.response),
    error:
      call.error === null
        ? null
        : {
            kind: call.error_kind ?? 'internal',
            code: call.error_code,
            message: call.error,
            hint: call.hint,
          },
    service: call.service,
    created_at: call.started_at,
    finished_at: call.finished_at,
    next_at: null,
    deadline_at: null,
    tries: call.attempts,
  }
}

/** The log cuts what is long: that is no JSON any more. */
function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}
