/** Reading the call log. Every filter has an index in the order of the pages, so a page costs the same at any size. */
import { sql, type Selectable } from 'kysely'
import { CaravanError } from '../core/errors.ts'
import { propose, nearestId } from '../core/nearest.ts'
import { wholeId } from './by-id.ts'
import { containing } from './dialect.ts'
import type { CallLogTables } from './schema-calls.ts'
import type { LogDb } from './schema.ts'

/** A call as it stands in the log. */
export type LoggedCall = Selectable<CallLogTables['calls']>
export type LoggedAttempt = Selectable<CallLogTables['attempts']>

export type CallFilter = {
  service?: string
  /** Of the service, such as `supplier`. */
  kind?: string
  operation?: string
  outcome?: LoggedCall['outcome']
  since?: Date
  until?: Date
  /** Id of a run. */
  run?: string
  /** Joins the calls of one task. */
  correlation?: string
  /** Found anywhere in error, request or response. */
  text?: string
}

export type CallCursor = Pick<LoggedCall, 'started_at' | 'id'>

export type CallPage = {
  /** Newest first. */
  calls: LoggedCall[]
  /** Where the next page begins; undefined: there is no more. */
  next: CallCursor | undefined
  /** Set when a search for text stopped here before the page was full; `next` continues it. */
  searchedBackTo: string | undefined
}

/** A search for text reads every call it passes; so many by default, so that a page costs the same in any log. */
const callsSearched = 500

export async function listCalls(
  log: LogDb,
  filter: CallFilter = {},
  {
    limit = 50,
    before,
    searched = callsSearched,
  }: { limit?: number; before?: CallCursor; searched?: number } = {},
): Promise<CallPage> {
  const stop =
    filter.text === undefined ? undefined : await searchEnd(log, filter, searched, before)
  let query = filtered(log, filter, before).selectAll()
  if (filter.text !== undefined) query = query.where(mentions(filter.text))
  if (stop) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('started_at', 'id'), '>=', tuple(stop.started_at, stop.id)),
    )
  }
  const rows = await query
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const calls = rows.slice(0, limit)
  const isFull = rows.length > limit
  return {
    calls,
    next: isFull ? cursorOf(calls.at(-1)) : stop,
    searchedBackTo: isFull ? undefined : stop?.started_at,
  }
}

/** Calls that were stored after the one with this `seq`, oldest first; for `--follow`. */
export async function callsSince(
  log: LogDb,
  seq: number,
  filter: CallFilter = {},
  limit = 500,
): Promise<LoggedCall[]> {
  let query = filtered(log, filter, undefined).selectAll().where('seq', '>', seq)
  if (filter.text !== undefined) query = query.where(mentions(filter.text))
  return query.orderBy('seq').limit(limit).execute()
}

/** The `seq` of the latest call; 0 when there is none. */
export async function latestSeq(log: LogDb): Promise<number> {
  const row = await log
    .selectFrom('calls')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .executeTakeFirst()
  return Number(row?.seq ?? 0)
}

/** A call by its id or by a beginning that only one has. Throws `call_unknown`, or `usage` when several have it. */
export async function getCall(
  log: LogDb,
  idOrStart: string,
): Promise<{ call: LoggedCall; attempts: LoggedAttempt[] }> {
  const id = await wholeId(log, { table: 'calls', what: 'calls' }, idOrStart)
  const call =
    id && (await log.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst())
  if (!call) throw await unknown(log, idOrStart)
  const attempts = await log
    .selectFrom('attempts')
    .selectAll()
    .where('call_id', '=', call.id)
    .orderBy('number')
    .execute()
  return { call, attempts }
}

/** When a call of each service last succeeded. Kept when the calls themselves have been deleted. */
export async function lastSuccessByService(log: LogDb): Promise<Map<string, string>> {
  const rows = await log
    .selectFrom('last_calls')
    .select(['service', 'at'])
    .where('outcome', '=', 'done')
    .execute()
  return new Map(rows.map(({ service, at }) => [service, at]))
}

/** The services whose last call that ended did not succeed, with the instant it ended at. */
export async function failedLast(log: LogDb): Promise<Map<string, string>> {
  const rows = await log
    .selectFrom('last_calls')
    .select(['service', 'outcome', 'at'])
    .where('outcome', 'not in', ['running', 'accepted'])
    .orderBy('at')
    .execute()
  const last = new Map(rows.map((row) => [row.service, row]))
  return new Map(
    [...last.values()].flatMap(({ service, outcome, at }) =>
      outcome === 'failed' || outcome === 'unknown' ? [[service, at] as const] : [],
    ),
  )
}

function filtered(log: LogDb, filter: CallFilter, before: CallCursor | undefined) {
  const { service, kind, operation, outcome, since, until, run, correlation } = filter
  let query = log.selectFrom('calls')
  if (service) query = query.where('service', '=', service)
  if (kind) query = query.where('kind', '=', kind)
  if (operation) query = query.where('operation', '=', operation)
  if (run) query = query.where('run_id', '=', run)
  if (correlation) query = query.where('correlation_id', '=', correlation)
  if (since) query = query.where('started_at', '>=', since.toISOString())
  if (until) query = query.where('started_at', '<', until.toISOString())
  if (outcome) query = query.where('outcome', '=', outcome)
  // Said a second time in the words of the partial indexes, or they are not used.
  if (outcome && outcome !== 'done') query = query.where('outcome', '<>', sql.lit('done' as const))
  if (before) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('started_at', 'id'), '<', tuple(before.started_at, before.id)),
    )
  }
  return query
}

/** The oldest call a search may read; undefined when it may read all. */
async function searchEnd(
  log: LogDb,
  filter: CallFilter,
  searched: number,
  before: CallCursor | undefined,
): Promise<CallCursor | undefined> {
  return filtered(log, filter, before)
    .select(['started_at', 'id'])
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .offset(searched - 1)
    .limit(1)
    .executeTakeFirst()
}

function mentions(text: string) {
  const pattern = containing(text)
  return sql<boolean>`(error like ${pattern} escape '\\' or request like ${pattern} escape '\\' or response like ${pattern} escape '\\')`
}

const cursorOf = (call: LoggedCall | undefined): CallCursor | undefined =>
  call && { started_at: call.started_at, id: call.id }

async function unknown(log: LogDb, id: string): Promise<CaravanError> {
  const latest = await log
    .selectFrom('calls')
    .select('id')
    .orderBy('id', 'desc')
    .limit(500)
    .execute()
  const near = nearestId(
    id,
    latest.map((call) => call.id),
  )
  return new CaravanError({
    code: 'call_unknown',
    message: `there is no call ${id} in the log`,
    hint: propose(near, 'The latest ones: caravan logs'),
  })
}
