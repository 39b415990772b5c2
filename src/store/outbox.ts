/**
 * The ledger of calls that change something, and of those that wait: each step of a call's life is one small function.
 * What waits is taken up in outbox-due.ts, the rest is looked after in outbox-upkeep.ts, and people read list-outbox.ts.
 */
import type { ExpressionBuilder, Selectable } from 'kysely'
import { messagesIn, rememberSent } from './message-states.ts'
import type { ProcessIdentity } from './process-identity.ts'
import type { Database, Db, OutboxStatus } from './schema.ts'
import { atomically } from './transaction.ts'

export type Entry = Selectable<Database['outbox']>

/** A new row, as far as its caller knows it. */
export type NewEntry = Pick<
  Entry,
  | 'id'
  | 'kind'
  | 'operation'
  | 'effect'
  | 'service'
  | 'input_hash'
  | 'idempotency_key'
  | 'correlation_id'
  | 'run_id'
  | 'created_at'
  | 'created_by'
>

/** One taking up of a call. Each counts `tries` up, so that whoever lost the call in between cannot change it. */
export type Claim = Pick<Entry, 'id' | 'tries'>

/**
 * The same of somebody who only looked: besides, its sender must not have gone on since. One that was not begun when it
 * was looked at may have been by now.
 */
export type Seen = Claim & Pick<Entry, 'served_by' | 'lease_until'>

export type Sender = { process: ProcessIdentity; leaseUntil: Date }

/** As it is kept: redacted. `outcome` says whether the vendor may have acted. */
export type StoredFailure = {
  kind: string
  code: string | null
  message: string
  hint: string | null
  outcome: 'not_done' | 'unknown'
}

export const findByKey = (
  db: Db,
  key: Pick<Entry, 'kind' | 'operation' | 'idempotency_key'>,
): Promise<Entry | undefined> =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('kind', '=', key.kind)
    .where('operation', '=', key.operation)
    .where('idempotency_key', '=', key.idempotency_key)
    .executeTakeFirst()

/**
 * A call whose first request is about to leave. Undefined: a call with its key stands there already. `input` is kept
 * until it is known what became of the call: should nobody know, a person wants to see whom it was for.
 */
export async function insertSending(
  db: Db,
  entry: NewEntry,
  sender: Sender,
  servedBy: string,
  input: string | null = null,
): Promise<Claim | undefined> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('outbox')
    .values({ ...entry, ...blank, ...sentBy(sender), served_by: servedBy, tries: 1, input })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n ? { id: entry.id, tries: 1 } : undefined
}

export type Waiting = {
  input: string
  recipients: readonly string[]
  nextAt: Date
  deadlineAt: Date
  error?: StoredFailure | undefined
  /** Of a call that is made anew: the one that is asked for by name now. */
  service?: string | null
}

/** A call accepted for later. False: a call with its key stands there already. */
export function insertWaiting(db: Db, entry: NewEntry, waiting: Waiting): Promise<boolean> {
  return atomically(db, async (tx) => {
    const row = await tx
      .insertInto('outbox')
      .values({ ...entry, ...blank, ...waitingSince(waiting) })
      .onConflict((conflict) => conflict.doNothing())
      .returning('position')
      .executeTakeFirst()
    if (row) await saveRecipients(tx, row.position, waiting.recipients)
    return row !== undefined
  })
}

/** A call that ended without having been done is begun again under its old row. Undefined: it has changed since. */
export async function takeOver(
  db: Db,
  former: Entry,
  sender: Sender,
  servedBy: string,
  input: string | null = former.input,
): Promise<Claim | undefined> {
  const begun = { ...sentBy(sender), served_by: servedBy, finished_at: null, input }
  const { numUpdatedRows } = await db
    .updateTable('outbox')
    .set({ ...begun, tries: former.tries + 1 })
    .where(isStill(former))
    .where('status', '=', former.status)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n ? { id: former.id, tries: former.tries + 1 } : undefined
}

/** Says that a request is about to leave for a service. False: the call was taken away, and nothing may be sent. */
export async function beginAt(db: Db, { id, tries }: Claim, service: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('outbox')
    .set({ served_by: service })
    .where('id', '=', id)
    .where('tries', '=', tries)
    .where('status', '=', 'sending')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export type End = {
  status: Extract<OutboxStatus, 'done' | 'partial' | 'failed' | 'unknown'>
  servedBy: string | null
  exchanges: number
  output?: string | null
  error?: StoredFailure
  /** Left out: it is kept unless the call was done, for a person may want to try again. */
  input?: null
}

/** Whether it was ever put into the queue. One that was made directly is told to its caller, and nobody else sends it. */
export const wasQueued = ({ deadline_at: deadlineAt }: Pick<Entry, 'deadline_at'>): boolean =>
  deadlineAt !== null

/**
 * The end of a call, told by whoever sent it. It also corrects an `unknown` that others wrote because they took the
 * sender for gone. False: the call has been taken up again since.
 */
export const finishEntry = (db: Db, claim: Claim, end: End, at: Date): Promise<boolean> =>
  endWhere(db, claim, ['sending', 'unknown'], endOf(end, at))

/** How a row ends. */
export function endOf(end: End, at: Date): Change {
  return {
    status: end.status,
    served_by: end.servedBy,
    exchanges: end.exchanges,
    output: end.output ?? null,
    error: end.error ? JSON.stringify(end.error) : null,
    finished_at: at.toISOString(),
    ...(end.status === 'done' || end.status === 'partial' || end.input === null
      ? { input: null }
      : {}),
  }
}

/** Who lost a call since, or only saw it before it went on, changes nothing. */
const isStill =
  (claim: Claim | Seen) =>
  ({ and, eb }: ExpressionBuilder<Database, 'outbox'>) =>
    and([
      eb('id', '=', claim.id),
      eb('tries', '=', claim.tries),
      ...('lease_until' in claim
        ? [
            eb('served_by', 'is not distinct from', claim.served_by),
            eb('lease_until', 'is not distinct from', claim.lease_until),
          ]
        : []),
    ])

type Change = Partial<Omit<Entry, 'position' | 'id'>>

/**
 * The row and its recipients, which hold later calls back, are one thing: both change or none. A call that never waited
 * has no recipients, and is one statement.
 */
export async function endWhere(
  db: Db,
  claim: Claim | Seen,
  from: readonly OutboxStatus[],
  change: Change,
): Promise<boolean> {
  const end = (some: Db, hasWaited: boolean) =>
    some
      .updateTable('outbox')
      .set({ ...change, ...nobody, next_at: null })
      .where(isStill(claim))
      .where('status', 'in', from)
      .where('deadline_at', hasWaited ? 'is not' : 'is', null)
      .returning('position')
      .executeTakeFirst()
  const messages = change.served_by ? messagesIn(change.output) : []
  if (messages.length === 0 && (await end(db, false))) return true
  return atomically(db, async (tx) => {
    const row = (await end(tx, true)) ?? (messages.length > 0 ? await end(tx, false) : undefined)
    if (!row) return false
    await tx.deleteFrom('outbox_recipients').where('position', '=', row.position).execute()
    if (messages.length > 0) {
      const sent = { service: change.served_by!, call: claim.id, at: change.finished_at! }
      await rememberSent(tx, sent, messages)
    }
    return true
  })
}

/** A call that was taken up goes back to those that wait. `servedBy`: the one that may have acted, or null for none. */
export function putBack(
  db: Db,
  claim: Claim | Seen,
  from: readonly OutboxStatus[],
  back: { servedBy: string | null; exchanges: number } & (Waiting | RestOfWaiting),
): Promise<boolean> {
  return atomically(db, async (tx) => {
    const row = await tx
      .updateTable('outbox')
      .set({
        status: 'waiting',
        served_by: back.servedBy,
        exchanges: back.exchanges,
        next_at: back.nextAt.toISOString(),
        finished_at: null,
        ...nobody,
        ...('error' in back ? { error: JSON.stringify(back.error) } : {}),
        ...('input' in back ? { input: back.input } : {}),
        ...('service' in back ? { service: back.service } : {}),
        ...(back.deadlineAt ? { deadline_at: back.deadlineAt.toISOString() } : {}),
      })
      .where(isStill(claim))
      .where('status', 'in', from)
      .returning('position')
      .executeTakeFirst()
    if (row && 'recipients' in back) await saveRecipients(tx, row.position, back.recipients)
    return row !== undefined
  })
}

/** Of a call that waited before: its input and its recipients stand there. */
type RestOfWaiting = { nextAt: Date; deadlineAt?: Date; error?: StoredFailure }

const nobody = { host: null, pid: null, process_started_at: null, lease_until: null }

/** What is left out of a new row is null. */
const blank = { tries: 0, exchanges: 0 }

export const sentBy = ({ process, leaseUntil }: Sender) => ({
  status: 'sending' as const,
  host: process.host,
  pid: process.pid,
  process_started_at: process.startedAt,
  lease_until: leaseUntil.toISOString(),
})

const waitingSince = ({ input, nextAt, deadlineAt, error }: Waiting) => ({
  status: 'waiting' as const,
  input,
  next_at: nextAt.toISOString(),
  deadline_at: deadlineAt.toISOString(),
  error: error ? JSON.stringify(error) : null,
})

async function saveRecipients(tx: Db, position: number, recipients: readonly string[]) {
  for (const recipient of new Set(recipients)) {
    await tx
      .insertInto('outbox_recipients')
      .values({ recipient, position })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}
