/** The outbox for operators: what waits, what could not be sent, and what a person does about it. */
import { maskByName, maskPersonal } from '../calls/mask.ts'
import { CaravanError } from '../core/errors.ts'
import type { Kind } from '../core/kind.ts'
import { fromJson } from '../store/json.ts'
import {
  type EntryFilter,
  listBehind,
  listDead,
  listEntries,
  requireEntry,
} from '../store/list-outbox.ts'
import { type Entry, putBack, type StoredFailure } from '../store/outbox.ts'
import { dropEntry } from '../store/outbox-upkeep.ts'
import type { OutboxStatus } from '../store/schema.ts'
import type { ChangedQueue, QueuedCall, QueuedDetails } from './answers/queue.ts'
import type { App } from './app.ts'
import { errorOf, judged } from './call-result.ts'
import { deliveriesOf } from './deliveries.ts'
import { kindNamed, routeOf } from './route.ts'
import { settledCode } from './settled-code.ts'

export type QueueQuery = Pick<EntryFilter, 'statuses' | 'limit'> & {
  /** `sms.send`, or `send` of whatever kind. */
  operation?: string
}

/** In the order in which they were accepted. Throws `operation_unknown` for a name that no kind has. */
export async function listQueue(app: App, query: QueueQuery = {}): Promise<QueuedCall[]> {
  const db = await judged(app)
  const [, kind, operation] = /^(?:(.*)\.)?(.*)$/s.exec(query.operation ?? '') ?? []
  const rows = await listEntries(db, { ...query, kind, operation })
  if (rows.length === 0 && query.operation) {
    const { requireOperation } = await import('./catalogue.ts')
    requireOperation(query.operation) // an empty answer to a mistyped name would be taken for good news
  }
  const behind = await listBehind(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => infoOf(row, behind.get(row.id)))
}

/** By id or its beginning. Throws `call_unknown`. */
export async function showQueued(app: App, id: string): Promise<QueuedDetails> {
  const db = await judged(app)
  const row = await requireEntry(db, id)
  const failure = failureOf(row)
  const isSettled = failure?.code === settledCode
  const behind = await listBehind(db, [row.id])
  return {
    ...infoOf(row, behind.get(row.id)),
    effect: row.effect,
    idempotency_key: row.idempotency_key,
    correlation_id: row.correlation_id,
    run_id: row.run_id,
    exchanges: row.exchanges,
    sender: row.host === null ? null : `process ${row.pid} on ${row.host}`,
    input: row.input === null ? null : masked(row.input),
    deliveries: await deliveriesOf(db, row.id),
    settled: isSettled ? failure.message : null,
    failure: failure && !(isSettled && row.status === 'done') ? errorOf(failure) : null,
  }
}

/** What is to be put back, and which of it may be done twice by that. */
export type RetryPlan = { rows: Entry[]; doubtful: string[] }

/**
 * What `retryQueued` would do. Throws `call_unknown`, or `queue_settled` for a call that cannot be sent again: one that
 * was done or dropped, is waiting already, or whose input was not kept because it was made directly.
 */
export async function planRetry(
  app: App,
  ids: readonly string[],
  { allDead = false }: { allDead?: boolean } = {},
): Promise<RetryPlan> {
  const db = await judged(app)
  const rows = allDead ? await listDead(db) : []
  for (const id of ids) {
    const row = await requireEntry(db, id)
    if (!['dead', 'failed', 'unknown'].includes(row.status)) throw settled(row, 'sent again')
    if (row.input === null) throw notKept(row)
    if (!rows.some((one) => one.id === row.id)) rows.push(row)
  }
  const doubtful: string[] = []
  for (const row of rows) {
    if (row.status === 'unknown' && !(await isRepeatable(app, row))) doubtful.push(row.id)
  }
  return { rows, doubtful }
}

/** Puts calls back among those that wait, due at once, with their keys; for as long as their routes queue anew. */
export async function retryQueued(app: App, { rows }: RetryPlan): Promise<ChangedQueue> {
  const { db } = await app.state()
  const calls: ChangedQueue['calls'] = []
  for (const row of rows) {
    const now = app.clock.now()
    const input = row.input ?? 'null'
    const isKept = await putBack(db, row, [row.status], {
      // What may have been done at a service stays in doubt there, and is not handed to another one.
      servedBy: row.status === 'unknown' ? row.served_by : null,
      exchanges: row.exchanges,
      input,
      recipients: recipientsOf(row),
      nextAt: now,
      deadlineAt: new Date(now.getTime() + (await queueForMs(app, row.kind))),
      error: failureOf(row),
    })
    if (!isKept) throw settled(await requireEntry(db, row.id), 'sent again')
    calls.push({ id: row.id, was: row.status, status: 'waiting' })
  }
  return { calls }
}

/**
 * What is to be dropped. Throws `call_unknown`, `call_running`, or `queue_settled` for what was done or dropped, and for
 * what may have been done: that nobody wants it any more does not say whether it was.
 */
export async function planDrop(app: App, ids: readonly string[]): Promise<Entry[]> {
  const db = await judged(app)
  const rows: Entry[] = []
  for (const id of ids) {
    const row = await requireEntry(db, id)
    if (row.status === 'sending') throw underWay(row)
    if (row.status === 'unknown') throw inDoubt(row)
    if (!['waiting', 'dead', 'failed'].includes(row.status)) {
      throw settled(row, 'dropped')
    }
    if (!rows.some((one) => one.id === row.id)) rows.push(row)
  }
  return rows
}

/** Takes calls out for good: they are not sent, and their key sends nothing any more. */
export async function dropQueued(
  app: App,
  rows: readonly Entry[],
  { by, reason }: { by: string; reason: string },
): Promise<ChangedQueue> {
  const { db } = await app.state()
  const calls: ChangedQueue['calls'] = []
  for (const row of rows) {
    const error: StoredFailure = {
      kind: 'cancelled',
      code: 'dropped',
      message: `dropped by ${by}: ${reason}`,
      hint: null,
      outcome:
        row.served_by === null && failureOf(row)?.outcome !== 'unknown' ? 'not_done' : 'unknown',
    }
    if (!(await dropEntry(db, row, error, app.clock.now()))) {
      const now = await requireEntry(db, row.id)
      throw now.status === 'sending' ? underWay(now) : settled(now, 'dropped')
    }
    calls.push({ id: row.id, was: row.status, status: 'dropped' })
  }
  return { calls }
}

const dayMs = 86_400_000

const queueForMs = async (app: App, kind: string): Promise<number> =>
  (await app.usableConfig()).config.routes[kind]?.queue_for ?? dayMs

/** Whether a call that may have been done can be sent again without harm. In doubt: no. */
async function isRepeatable(app: App, row: Entry): Promise<boolean> {
  if (row.served_by === null) return false
  try {
    const { candidates } = await routeOf(app, row.kind, { service: row.served_by })
    const service = await candidates[0]?.open()
    const repeat = service?.adapter.operations[row.operation]?.repeat
    return repeat === 'keyed' || repeat === 'safe'
  } catch {
    return false
  }
}

const failureOf = ({ error }: Entry) => fromJson<StoredFailure>(error)

const infoOf = (row: Entry, behind: string | undefined): QueuedCall => ({
  id: row.id,
  operation: `${row.kind}.${row.operation}`,
  status: row.status,
  service: row.service,
  served_by: row.served_by,
  recipients: recipientsOf(row).map(maskPersonal).join(', '),
  tries: row.tries,
  created_at: row.created_at,
  created_by: row.created_by,
  next_at: row.next_at,
  deadline_at: row.deadline_at,
  finished_at: row.finished_at,
  behind: behind ?? null,
  error: row.status === 'done' ? null : (failureOf(row)?.message ?? null),
})

/** A kind that this version does not know has no recipients that it could name. */
function recipientsOf({ kind, operation, input }: Entry): string[] {
  if (input === null) return []
  try {
    const shape = (kindNamed(kind) as Kind).operations[operation]
    return shape?.recipients?.(JSON.parse(input) as never) ?? []
  } catch {
    return []
  }
}

const masked = (input: string): string => JSON.stringify(JSON.parse(input), maskByName)

export const settled = ({ id, status }: Entry, wish: string): CaravanError =>
  new CaravanError({
    code: 'queue_settled',
    message: `call ${id} is ${status}, and cannot be ${wish}`,
    hint: hints[status]?.(id),
    see: `caravan queue show ${id}`,
  })

const hints: Partial<Record<OutboxStatus, (id: string) => string>> = {
  waiting: (id) => `It is sent when it is due, and at once by: caravan queue send ${id}`,
  dead: (id) => `It can be put back with: caravan queue retry ${id}`,
  failed: (id) => `Where its input was kept it can be put back with: caravan queue retry ${id}`,
  unknown: (id) => `Ask the vendor what became of it: caravan queue settle ${id}`,
}

const notKept = ({ id }: Entry): CaravanError =>
  new CaravanError({
    code: 'queue_settled',
    message: `call ${id} was made directly, and its input was not kept`,
    hint: 'Find out at the vendor whether it was done, then make the call anew if it was not.',
    see: `caravan logs show ${id}`,
  })

const inDoubt = ({ id }: Entry): CaravanError =>
  new CaravanError({
    code: 'queue_settled',
    message: `call ${id} may have been done, and dropping it would hide that`,
    hint: `Settle it first: "caravan queue settle ${id}" asks the vendor; with --sent or --not-sent you say what you found out.`,
    see: `caravan queue show ${id}`,
  })

export const underWay = ({ id, pid, host }: Entry): CaravanError =>
  new CaravanError({
    code: 'call_running',
    message: `call ${id} is being sent at this moment, by process ${pid ?? '?'} on ${host ?? '?'}`,
    hint: `Wait for its end: caravan call result ${id} --wait 30s`,
  })
