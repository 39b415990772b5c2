import { parseDuration } from '../config/durations.ts'
import { CaravanError } from '../core/errors.ts'
import { parseInstant } from '../core/parse-instant.ts'
import { fromJson } from '../store/json.ts'
import {
  type CallFilter,
  callsSince,
  getCall,
  latestSeq,
  listCalls,
  type LoggedCall,
} from '../store/list-calls.ts'
import type { CallDetails, CallInfo } from './answers/calls.ts'
import type { App } from './app.ts'

export type LogQuery = {
  service?: string
  operation?: string
  outcome?: CallInfo['outcome']
  since?: string
  until?: string
  run?: string
  text?: string
  limit: number
}

export type RecentCalls = {
  /** The newest first. */
  calls: CallInfo[]
  /** Set when a search for text ended here, at an instant, before it had seen every call. */
  searchedBackTo: string | undefined
}

/** A search goes on over this many calls, some seconds' worth, and then says how far it came. */
const mostSearched = 1_000_000
/** Read at once after the first page. */
const largestStep = 20_000

/** Throws `service_unknown` or `run_unknown` for a name that nothing was ever called. */
export async function listRecentCalls(app: App, query: LogQuery): Promise<RecentCalls> {
  const { db } = await app.log()
  const filter = await filterOf(app, query)
  const calls: LoggedCall[] = []
  let page = await listCalls(db, filter, { limit: query.limit })
  calls.push(...page.calls)
  for (let [seen, step] = [0, 1000]; page.searchedBackTo && seen < mostSearched; seen += step) {
    app.signal.throwIfAborted()
    step = Math.min(step * 2, largestStep)
    const limit = query.limit - calls.length
    page = await listCalls(db, filter, { limit, before: page.next, searched: step })
    calls.push(...page.calls)
  }
  if (calls.length === 0) await refuseUnknown(app, query)
  return { calls: calls.map(infoOf), searchedBackTo: page.searchedBackTo }
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
  const { call, attempts } = await getCall((await app.log()).db, id)
  const requests = attempts.map((attempt) => ({
    ...attempt,
    service: attempt.service ?? call.service,
  }))
  return { ...infoOf(call), requests, steps: fromJson<CallDetails['steps']>(call.steps) ?? [] }
}

/** A call as lists show it. */
function infoOf(row: LoggedCall): CallInfo {
  const { steps, ...call } = row
  void steps
  return call
}

async function filterOf(app: App, { since, until, ...filter }: LogQuery): Promise<CallFilter> {
  const { service, outcome, run, text } = filter
  const start = since === undefined ? undefined : instantOf(app, since, '--since')
  const end = until === undefined ? undefined : instantOf(app, until, '--until')
  const runId = run === undefined ? undefined : await runNamed(app, run)
  return {
    service,
    ...operationOf(filter.operation),
    outcome,
    run: runId,
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

/** `2h` is two hours ago; anything else is an instant, in the local zone unless it names one. */
function instantOf(app: App, text: string, flag: string): Date {
  const ago = parseDuration(text)
  if (ago !== undefined) return new Date(app.clock.now().getTime() - ago)
  const at = parseInstant(text, 'local')
  if (at) return at
  throw new CaravanError({
    code: 'usage',
    message: `${flag} ${text} is neither a time nor a duration`,
    hint: 'Write it like 2h, 3d, 2026-11-21 or 2026-11-21T08:00.',
  })
}
