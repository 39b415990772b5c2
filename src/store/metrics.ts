/**
 * What services did in each ten minutes, kept beside the call log. It is summed up by those who want to know, from the
 * calls that came since the last time, so that writing a call costs nothing more. After a day ten minutes are rolled up
 * into hours and into a sum of all time.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { sql, type Selectable } from 'kysely'
import { rowsOf, valuesOf } from './dialect.ts'
import type { CallLogTables, CallOutcome } from './schema-calls.ts'
import type { LogDb } from './schema.ts'
import { addAll, addTo, type Spread } from './spread.ts'
import { atomically } from './transaction.ts'

/** Counts of a service, of its connection tests or of everything else. Times are sums, in milliseconds. */
export type ServiceStats = {
  service: string
  isChecks: boolean
  done: number
  partial: number
  failed: number
  unknown: number
  cancelled: number
  requests: number
  failedRequests: number
  requestMs: number
  bytesSent: number
  bytesReceived: number
  /** Of the response times of the requests. */
  spread: Spread
}

/** Columns of a call that are summed up. */
export const countedOfCall = [
  'seq',
  'id',
  'service',
  'operation',
  'outcome',
  'error_kind',
  'started_at',
  'attempts',
  'counted_attempts',
] as const

type CountedCall = Pick<Selectable<CallLogTables['calls']>, (typeof countedOfCall)[number]>

const callsAtOnce = 500

/**
 * Sums up the calls that were stored since the last time, in small transactions and with a turn of the event loop after
 * each. What has not ended comes when it has. `isOver` is asked after each: true leaves the rest for the next time.
 */
export async function sumUp(
  log: LogDb,
  { signal, isOver }: { signal?: AbortSignal | undefined; isOver?(): boolean } = {},
): Promise<void> {
  const newest = await log
    .selectFrom('calls')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .executeTakeFirst()
  while ((newest?.seq ?? 0) > (await readMarks(log)).counted_seq) {
    signal?.throwIfAborted()
    await atomically(log, sumUpSome)
    if (isOver?.()) return
    await turn()
  }
}

async function sumUpSome(tx: LogDb): Promise<void> {
  const { counted_seq: after } = await readMarks(tx)
  const calls = await tx
    .selectFrom('calls')
    .select(countedOfCall)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(callsAtOnce)
    .execute()
  const last = calls.at(-1)
  if (!last) return
  const sums = new Sums()
  const ended = new Map<string, CountedCall>()
  for (const call of calls) {
    const ending = endingOf(call)
    if (!ending) continue
    sums.ofCall(call)[ending] += 1
    ended.set(call.id, call)
  }
  const attempts = await tx
    .selectFrom('attempts')
    .select(['call_id', 'number', 'service', 'outcome', 'duration_ms as ms'])
    .select(['request_bytes as sent', 'response_bytes as received'])
    .where('call_id', 'in', valuesOf([...ended.keys()]))
    .execute()
  for (const attempt of attempts) {
    const call = ended.get(attempt.call_id)
    if (!call || attempt.number <= (call.counted_attempts ?? 0)) continue
    const { service, ...request } = attempt
    addRequests(sums.ofCall({ ...call, service: service ?? call.service }), request, 1)
  }
  await addFormerSpreads(tx, sums.all())
  await save(tx, sums.all())
  await tx.updateTable('stats_marks').set({ counted_seq: last.seq }).execute()
}

/**
 * Takes back how calls ended whose rows are about to be replaced, as when an unknown outcome is settled. Returns how many
 * of their requests were summed up already. The sum of all time never shrinks, for it is read as a counter.
 */
export async function uncount(
  tx: LogDb,
  replaced: readonly CountedCall[],
): Promise<Map<string, number>> {
  const { counted_seq: upTo } = await readMarks(tx)
  const sums = new Sums()
  const counted = new Map<string, number>()
  for (const call of replaced) {
    const ending = endingOf(call)
    if (!ending || call.seq > upTo) {
      if (call.counted_attempts) counted.set(call.id, call.counted_attempts)
      continue
    }
    sums.ofCall(call)[ending] -= 1
    sums.of(allTime, call.service, isCheck(call))[ending] += 1
    counted.set(call.id, Math.max(call.attempts, call.counted_attempts ?? 0))
  }
  await save(tx, sums.all())
  return counted
}

type Requests = { outcome: string; ms: number; sent: number; received: number }

function addRequests(
  sum: ServiceStats,
  { outcome, ms, sent, received }: Requests,
  count: number,
): void {
  sum.requests += count
  if (outcome !== 'done') sum.failedRequests += count
  sum.requestMs += ms * count
  sum.bytesSent += sent
  sum.bytesReceived += received
  addTo(sum.spread, ms, count)
}

/**
 * What each service did since an instant. Whole hours, and of late whole ten minutes, are read as sums; the rest of the
 * first one is read call by call.
 */
export async function statsSince(
  log: LogDb,
  since: Date,
  service?: string,
): Promise<ServiceStats[]> {
  await sumUp(log)
  const { rolled_until: rolledUntil } = await readMarks(log)
  const from = since.toISOString()
  const hour = nextWhole(since, hourMs)
  const tenMinutes = nextWhole(since, tenMinutesMs)
  const finest = tenMinutes >= rolledUntil ? tenMinutes : hour
  const parts = [
    await readSpans(log, [hourOf(hour), pastHours], service),
    await readSpans(log, [tenMinutesOf(finest), pastTenMinutes], service),
    from < finest ? await readCalls(log, { from, to: finest, service }) : [],
  ]
  const sums = new Sums()
  for (const one of parts.flat()) add(sums.of('', one.service, one.isChecks), one)
  return sums.all().map(withoutSpan)
}

function withoutSpan(sum: Sum): ServiceStats {
  const { span: _span, ...stats } = sum
  return stats
}

export type Totals = Omit<ServiceStats, 'spread'>

/**
 * What each service did since the log began, or since a version of the program that counted it. Only ever grows: a call
 * whose outcome was settled later is in both.
 */
export async function totalsOfAllTime(log: LogDb): Promise<Totals[]> {
  await sumUp(log)
  const rows = await log
    .selectFrom('service_stats')
    .select(['service', 'checks'])
    .select(({ fn }) => countedColumns.map((name) => fn.sum<number>(name).as(name)))
    .where(({ eb, or }) => or([eb('span', '=', allTime), eb('span', '>=', tenMinutesName)]))
    .groupBy(['service', 'checks'])
    .execute()
  return rows.map((row) => {
    const { spread: _, ...totals } = toStats({ ...row, span: '', spread: '{}' } as Row)
    return totals
  })
}

async function readSpans(
  log: LogDb,
  [from, to]: readonly [from: string, to: string],
  service?: string,
): Promise<ServiceStats[]> {
  let query = log
    .selectFrom('service_stats')
    .selectAll()
    .where('span', '>=', from)
    .where('span', '<', to)
  if (service !== undefined) query = query.where('service', '=', service)
  return (await query.execute()).map(toStats)
}

/** Forgets the hours that were over before an instant; the sum of all time stays. */
export async function deleteStatsBefore(log: LogDb, instant: Date): Promise<void> {
  await rollUp(log, instant)
  await log
    .deleteFrom('service_stats')
    .where('span', '>', hoursName)
    .where('span', '<', hourOf(instant.toISOString()))
    .execute()
}

/**
 * Makes hours of what is more than a day old by the newest of the log, and of what was over before `instant` anyway. An
 * hour is rolled up as a whole, in a transaction of its own.
 */
async function rollUp(log: LogDb, instant: Date): Promise<void> {
  const newest = await log
    .selectFrom('service_stats')
    .select(({ fn }) => fn.max('span').as('span'))
    .where('span', '>=', tenMinutesName)
    .executeTakeFirst()
  if (!newest?.span) return
  const newestMs = Date.parse(`${newest.span.slice(tenMinutesName.length)}0:00.000Z`)
  const untilMs = Math.max(newestMs - tenMinutesKeptMs, instant.getTime())
  const until = new Date(Math.floor(untilMs / hourMs) * hourMs).toISOString()
  for (;;) {
    const isLast = await atomically(log, (tx) => rollUpHour(tx, until))
    if (isLast) return
    await turn()
  }
}

async function rollUpHour(tx: LogDb, until: string): Promise<boolean> {
  const rows = await tx
    .selectFrom('service_stats')
    .selectAll()
    .where('span', '>=', tenMinutesName)
    .where('span', '<', tenMinutesOf(until))
    .orderBy('span')
    .execute()
  const [first] = rows
  const { rolled_until: before } = await readMarks(tx)
  if (!first) {
    if (before < until) await tx.updateTable('stats_marks').set({ rolled_until: until }).execute()
    return true
  }
  const hour = hourOf(first.span.slice(tenMinutesName.length))
  const some = rows.filter(({ span }) => hourOf(span.slice(tenMinutesName.length)) === hour)
  const sums = new Sums()
  for (const row of some) {
    for (const span of [hour, allTime]) {
      add(sums.of(span, row.service, row.checks === 1), toStats(row))
    }
  }
  await addFormerSpreads(tx, sums.all())
  await save(tx, sums.all())
  await tx
    .deleteFrom('service_stats')
    .where('span', '>=', first.span)
    .where('span', '<=', some.at(-1)?.span ?? first.span)
    .execute()
  const end = nextWhole(new Date(`${hour.slice(hoursName.length)}:00:00.001Z`), hourMs)
  if (before < end) await tx.updateTable('stats_marks').set({ rolled_until: end }).execute()
  return false
}

/**
 * Names of spans, UTC: `h2026-11-21T14` for an hour, `m2026-11-21T14:3` for ten minutes, empty for all time. Each sort
 * lies together, in the order of time.
 */
const allTime = ''
const [hoursName, pastHours, tenMinutesName, pastTenMinutes] = ['h', 'i', 'm', 'n']
const hourMs = 3_600_000
const tenMinutesMs = 600_000
const tenMinutesKeptMs = 26 * hourMs

const hourOf = (instant: string): string => hoursName + instant.slice(0, 13)
const tenMinutesOf = (instant: string): string => tenMinutesName + instant.slice(0, 15)

const nextWhole = (instant: Date, spanMs: number): string =>
  new Date(Math.ceil(instant.getTime() / spanMs) * spanMs).toISOString()

const isCheck = ({ operation }: Pick<CountedCall, 'operation'>): boolean => operation === 'check'

const endings = ['done', 'partial', 'failed', 'unknown'] as const satisfies CallOutcome[]

type Ending = (typeof endings)[number] | 'cancelled'

function endingOf({
  outcome,
  error_kind: kind,
}: Pick<CountedCall, 'outcome' | 'error_kind'>): Ending | undefined {
  if (outcome === 'failed' && kind === 'cancelled') return 'cancelled'
  return endings.find((ending) => ending === outcome)
}

type Sum = ServiceStats & { span: string }

class Sums {
  readonly #sums = new Map<string, Sum>()

  of(span: string, service: string, isChecks: boolean): Sum {
    const key = `${span}\n${isChecks ? 1 : 0}${service}`
    const known = this.#sums.get(key) ?? { span, ...noStats(service, isChecks) }
    this.#sums.set(key, known)
    return known
  }

  ofCall(call: Pick<CountedCall, 'started_at' | 'service' | 'operation'>): Sum {
    return this.of(tenMinutesOf(call.started_at), call.service, isCheck(call))
  }

  all(): Sum[] {
    return [...this.#sums.values()]
  }
}

export const noStats = (service: string, isChecks: boolean): ServiceStats => ({
  service,
  isChecks,
  done: 0,
  partial: 0,
  failed: 0,
  unknown: 0,
  cancelled: 0,
  requests: 0,
  failedRequests: 0,
  requestMs: 0,
  bytesSent: 0,
  bytesReceived: 0,
  spread: {},
})

const added = [
  'done',
  'partial',
  'failed',
  'unknown',
  'cancelled',
  'requests',
  'failedRequests',
  'requestMs',
  'bytesSent',
  'bytesReceived',
] as const satisfies readonly (keyof ServiceStats)[]

export function add(into: ServiceStats, other: ServiceStats): void {
  for (const name of added) into[name] += other[name]
  addAll(into.spread, other.spread)
}

/** In one statement that is always the same. */
async function save(tx: LogDb, sums: readonly Sum[]): Promise<void> {
  if (sums.length === 0) return
  const rows = rowsOf(
    columns,
    sums.map((sum) => Object.values(toRow(sum))),
  )
  await sql`insert into service_stats (${sql.raw(columns.join(', '))})
    select * from ${rows} where true
    on conflict (span, service, checks) do update set ${sql.raw(additions)}`.execute(tx)
}

/** Spreads are added up here: SQL would have to take each apart. */
async function addFormerSpreads(tx: LogDb, sums: readonly Sum[]): Promise<void> {
  const wanted = rowsOf(
    ['span', 'service', 'checks', 'at'],
    sums.map(({ span, service, isChecks }, at) => [span, service, isChecks ? 1 : 0, at]),
  )
  const { rows } = await sql<{ at: number; spread: string }>`select at, spread
    from ${wanted} as wanted join service_stats using (span, service, checks)`.execute(tx)
  for (const { at, spread } of rows) {
    const sum = sums[at]
    if (sum) addAll(sum.spread, JSON.parse(spread) as Spread)
  }
}

type Row = Selectable<CallLogTables['service_stats']>

const countedColumns = [
  'done',
  'partial',
  'failed',
  'unknown',
  'cancelled',
  'requests',
  'failed_requests',
  'request_ms',
  'bytes_sent',
  'bytes_received',
] as const satisfies readonly (keyof Row)[]

const columns = ['span', 'service', 'checks', ...countedColumns, 'spread'] satisfies (keyof Row)[]

const additions = [
  ...countedColumns.map((name) => `${name} = service_stats.${name} + excluded.${name}`),
  // A count of calls says nothing of times.
  'spread = case excluded.requests when 0 then service_stats.spread else excluded.spread end',
].join(', ')

/** In the order of `columns`. */
const toRow = (sum: Sum): Row => ({
  span: sum.span,
  service: sum.service,
  checks: sum.isChecks ? 1 : 0,
  done: sum.done,
  partial: sum.partial,
  failed: sum.failed,
  unknown: sum.unknown,
  cancelled: sum.cancelled,
  requests: sum.requests,
  failed_requests: sum.failedRequests,
  request_ms: Math.round(sum.requestMs),
  bytes_sent: sum.bytesSent,
  bytes_received: sum.bytesReceived,
  spread: JSON.stringify(sum.spread),
})

const toStats = (row: Row): ServiceStats => ({
  service: row.service,
  isChecks: row.checks === 1,
  done: row.done,
  partial: row.partial,
  failed: row.failed,
  unknown: row.unknown,
  cancelled: row.cancelled,
  requests: row.requests,
  failedRequests: row.failed_requests,
  requestMs: row.request_ms,
  bytesSent: row.bytes_sent,
  bytesReceived: row.bytes_received,
  spread: JSON.parse(row.spread) as Spread,
})

async function readMarks(log: LogDb): Promise<CallLogTables['stats_marks']> {
  const row = await log.selectFrom('stats_marks').selectAll().executeTakeFirst()
  return row ?? { counted_seq: 0, rolled_until: '' }
}

type Range = { from: string; to: string; service?: string | undefined }

/** The same from the calls themselves, for what is no whole span. */
async function readCalls(log: LogDb, range: Range): Promise<ServiceStats[]> {
  const sums = new Sums()
  const isChecks = sql<number>`operation = 'check'`
  const calls = await callsIn(log, range)
    .select([
      'calls.service',
      'calls.outcome',
      'calls.error_kind',
      isChecks.as('checks'),
      sql<number>`count(*)`.as('count'),
    ])
    .groupBy(['calls.service', 'checks', 'calls.outcome', 'calls.error_kind'])
    .execute()
  for (const { service, outcome, error_kind: kind, checks, count } of calls) {
    const ending = endingOf({ outcome, error_kind: kind })
    if (ending) sums.of('', service, checks === 1)[ending] += count
  }
  const requests = await callsIn(log, range)
    .innerJoin('attempts', 'attempts.call_id', 'calls.id')
    .select([
      sql<string>`coalesce(attempts.service, calls.service)`.as('asked'),
      isChecks.as('checks'),
      'attempts.outcome as outcome',
      'attempts.duration_ms as ms',
      sql<number>`count(*)`.as('count'),
      sql<number>`sum(attempts.request_bytes)`.as('sent'),
      sql<number>`sum(attempts.response_bytes)`.as('received'),
    ])
    .groupBy(['asked', 'checks', 'attempts.outcome', 'attempts.duration_ms'])
    .execute()
  for (const one of requests) addRequests(sums.of('', one.asked, one.checks === 1), one, one.count)
  return sums.all()
}

function callsIn(log: LogDb, { from, to, service }: Range) {
  const query = log
    .selectFrom('calls')
    .where('calls.started_at', '>=', from)
    .where('calls.started_at', '<', to)
  return service === undefined ? query : query.where('calls.service', '=', service)
}
