import { setImmediate as turn } from 'node:timers/promises'
import { CaravanError } from '../core/errors.ts'
import { findEntryBy } from '../store/list-outbox.ts'
import { fromJson } from '../store/json.ts'
import {
  type CallCursor,
  type CallFilter,
  callsSince,
  getCall,
  latestSeq,
  listCalls,
  type LoggedCall,
} from '../store/list-calls.ts'
import type { CallDetails, CallInfo } from './answers/calls.ts'
import type { App } from './app.ts'
import { deliveriesOf } from './deliveries.ts'
import { readInstantFlag } from './instant-flag.ts'

export type LogQuery = {
  service?: string
  operation?: string
  outcome?: CallInfo['outcome']
  since?: string
  until?: string
  run?: string
  correlation?: string
  text?: string
  limit: number
  /** How many calls a search for text reads at most; left out: some seconds' worth. */
  searched?: number
  /** Where the page before ended. */
  before?: CallCursor
}

export type RecentCalls = {
  /** The newest first. */
  calls: CallInfo[]
  /** Set when a search for text ended here, at an instant, before it had seen every call. */
  searchedBackTo: string | undefined
  /** Where the next page begins; undefined: there is no more. */
  next: CallCursor | undefined
}

/** A search goes on over this many calls, and then says how far it came. */
const mostSearched = 1_000_000
/** Read at once, so that a daemon that is asked for it goes on with its work in between. */
const largestStep = 2000

/** Throws `service_unknown` or `run_unknown` for a name that nothing was ever called. */
export async function listRecentCalls(app: App, query: LogQuery): Promise<RecentCalls> {
  const { db } = await app.log()
  const filter = await filterOf(app, query)
  const { searched: most = mostSearched } = query
  const calls: LoggedCall[] = []
  let page = await listCalls(db, filter, { limit: query.limit, before: query.before })
  calls.push(...page.calls)
  for (let [seen, step] = [0, 1000]; page.searchedBackTo && seen < most; seen += step) {
    await turn()
    app.signal.throwIfAborted()
    step = Math.min(step * 2, largestStep)
    const limit = query.limit - calls.length
    page = await listCalls(db, filter, { limit, before: page.next, searched: step })
    calls.push(...page.calls)
  }
  if (calls.length === 0) await refuseUnknown(app, query)
  return { calls: calls.map(infoOf), searchedBackTo: page.searchedBackTo, next: page.next }
}

/** An empty answer to a mistyped name would be taken for good news. A service that was removed may still have calls. */
async function refuseUnknown(app: App, { service, operation }: LogQuery): Promise<void> {
  const { db } = await app.log()
  const hasCalls = async (filter: CallFilter) =>
    (await listCalls(db, filter, { limit: 1 })).calls.length > 0
  const { services } = await app.overview()
  const names = services.map(({ name }) => name)
  if (service && !names.includes(service) && !(await hasCalls({ service }))) {
    const { unknownService } = await import('./catalogue.ts')
    throw unknownService(service, names)
  }
  if (operation && !(await hasCalls(operationOf(operation)))) {
    const { requireOperation } = await import('./catalogue.ts')
    await requireOperation(operation)
  }
}

const followMs = 500

/** New calls as they are stored, by any process, until the program is asked to stop. */
export async function* followCalls(app: App, query: LogQuery): AsyncGenerator<CallInfo[]> {
  const { db } = await app.log()
  const filter = await filterOf(app, query)
  let seq = await latestSeq(db)
  while (!app.signal.aborted) {
    const fresh = await callsSince(db, seq, filter)
    if (fresh.length > 0) yield fresh.map(infoOf)
    seq = fresh.at(-1)?.seq ?? seq
    await app.clock.sleep(followMs, app.signal).catch(() => undefined)
  }
}

/** By id or by a beginning that only one call has. Throws `call_unknown`. */
export async function showCall(app: App, id: string): Promise<CallDetails> {
  const { call, attempts } = await getCall((await app.log()).db, id).catch(
    async (error: unknown) => {
      throw (await knownToQueue(app, id)) ?? error
    },
  )
  const requests = attempts.map((attempt) => ({
    ...attempt,
    service: attempt.service ?? call.service,
  }))
  // A state that cannot be read keeps nobody from reading the log.
  const state = call.effect === 'read' ? undefined : await app.state().catch(() => undefined)
  const deliveries = state ? await deliveriesOf(state.db, call.id).catch(() => []) : []
  const steps = fromJson<CallDetails['steps']>(call.steps) ?? []
  return { ...infoOf(call), requests, steps, deliveries }
}

/** A call stands in the queue before its request leaves; in the log only once its end is known to somebody. */
async function knownToQueue(app: App, id: string): Promise<CaravanError | undefined> {
  const entry = await app
    .state()
    .then(({ db }) => findEntryBy(db, id))
    .catch(() => undefined)
  if (!entry) return undefined
  return new CaravanError({
    code: 'call_unknown',
    message: `nothing is logged of the call ${entry.id}, which is ${entry.status}`,
    hint: 'Its requests are written down when it ends; those of a process that was killed are not.',
    see: `caravan queue show ${entry.id}`,
  })
}

/** A call as lists show it. */
function infoOf(row: LoggedCall): CallInfo {
  const { steps: _steps, counted_attempts: _counted, ...call } = row
  return call
}

async function filterOf(app: App, { since, until, ...filter }: LogQuery): Promise<CallFilter> {
  const { service, outcome, run, correlation, text } = filter
  const start = since === undefined ? undefined : readInstantFlag('--since', since, app.clock)
  const end = until === undefined ? undefined : readInstantFlag('--until', until, app.clock)
  const runId = run === undefined ? undefined : await runNamed(app, run)
  return {
    service,
    ...operationOf(filter.operation),
    outcome,
    run: runId,
    correlation: correlation?.trim(),
    text,
    since: start,
    until: end,
  }
}

/** `supplier.check`, or `check` of whatever kind of service. */
function operationOf(name = ''): Pick<CallFilter, 'kind' | 'operation'> {
  const [, kind, operation] = /^(?:(.*)\.)?(.*)$/s.exec(name) ?? []
  return { kind, operation }
}

/** By id or by its beginning. The calls of a run may be kept longer than the run itself. */
async function runNamed(app: App, run: string): Promise<string> {
  const whole = run.trim().toUpperCase()
  const { calls } = await listCalls((await app.log()).db, { run: whole }, { limit: 1 })
  if (calls.length > 0) return whole
  const { findRun } = await import('../store/runs.ts')
  return (await findRun((await app.state()).db, run)).id
}
