/** What is known of each message that was sent: as the vendor answered at first, then as it tells by receipts. */
import type { Selectable } from 'kysely'
import { valuesOf } from './dialect.ts'
import { fromJson } from './json.ts'
import type { Database, Db } from './schema.ts'

export type MessageState = Selectable<Database['message_states']>

/** One that was sent, as it stands in the answer of a call. */
export type SentMessage = { messageId: string; to: string; status: string }

/** Messages in the stored answer of a call: whatever has rows of recipients with ids. */
export function messagesIn(output: string | null | undefined): SentMessage[] {
  if (!output?.includes('"messageId"')) return []
  const recipients = fromJson<{ recipients?: unknown }>(output)?.recipients
  if (!Array.isArray(recipients)) return []
  return recipients.flatMap((row: Record<string, unknown> | null) => {
    const { to, messageId, status } = row ?? {}
    return typeof messageId === 'string' && messageId !== '' && typeof to === 'string'
      ? [{ messageId, to, status: typeof status === 'string' ? status : 'unknown' }]
      : []
  })
}

/** Written with the end of the call, so that a receipt finds whose it is. One that came before keeps what it told. */
export async function rememberSent(
  tx: Db,
  { service, call, at }: { service: string; call: string; at: string },
  messages: readonly SentMessage[],
): Promise<void> {
  for (const { messageId, to, status } of messages) {
    // Of a vendor that names no recipient the receipt may have been faster than we are.
    const { numUpdatedRows } = await tx
      .updateTable('message_states')
      .set({ recipient: to, call_id: call })
      .where('service', '=', service)
      .where('message_id', '=', messageId)
      .where('recipient', '=', '')
      .executeTakeFirstOrThrow()
    if (numUpdatedRows > 0n) continue
    const row = { service, message_id: messageId, recipient: to, status, call_id: call }
    await tx
      .insertInto('message_states')
      .values({ ...row, updated_at: at })
      .onConflict((conflict) =>
        conflict.columns(['service', 'message_id', 'recipient']).doUpdateSet({ call_id: call }),
      )
      .execute()
  }
}

export type Receipt = {
  service: string
  messageId: string
  /** Empty where the vendor names none. */
  to: string
  status: string
  code: string | null
  /** JSON. */
  error: string | null
  at: string | null
  /** Id of the hook event. */
  event: string
  /** The call it is known to belong to; null: nothing is known. */
  call: string | null
}

/** Final ones stand highest: what comes after them, late or twice, changes nothing. */
const ranks: Readonly<Record<string, number>> = { unknown: 0, accepted: 1, delivered: 2, failed: 2 }
const rankOf = (status: string): number => ranks[status] ?? 0

/**
 * Raises a message to what a receipt says, never lowers it. `former` is what was known before; undefined: nothing, and
 * the message has a row now.
 */
export async function applyReceipt(
  tx: Db,
  receipt: Receipt,
  now: Date,
): Promise<{ former: string | undefined; isRaised: boolean; call: string | null }> {
  const { service, messageId, to, status, code, error, at, event } = receipt
  const known = await findMessages(tx, service, messageId)
  const held = known.find(({ recipient }) => recipient === to) ?? (to === '' ? known[0] : undefined)
  const call = receipt.call ?? held?.call_id ?? null
  const told = { status, code, error, at, event, call_id: call, updated_at: now.toISOString() }
  if (!held) {
    const row = { service, message_id: messageId, recipient: to, ...told }
    await tx.insertInto('message_states').values(row).execute()
    return { former: undefined, isRaised: true, call }
  }
  const isRaised = rankOf(status) > rankOf(held.status)
  const isNews = isRaised || (status === held.status && rankOf(status) < 2)
  if (isNews || call !== held.call_id) {
    await tx
      .updateTable('message_states')
      .set(isNews ? told : { call_id: call })
      .where('service', '=', service)
      .where('message_id', '=', messageId)
      .where('recipient', '=', held.recipient)
      .execute()
  }
  return { former: held.status, isRaised, call }
}

/** The numbers that share an id. */
export const findMessages = (db: Db, service: string, messageId: string): Promise<MessageState[]> =>
  db
    .selectFrom('message_states')
    .selectAll()
    .where('service', '=', service)
    .where('message_id', '=', messageId)
    .orderBy('recipient')
    .execute()

/** Which of these ids are of messages that we know of. */
export async function knownMessages(
  db: Db,
  service: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await db
    .selectFrom('message_states')
    .select('message_id')
    .distinct()
    .where('service', '=', service)
    .where('message_id', 'in', valuesOf(ids))
    .where('call_id', 'is not', null)
    .execute()
  return new Set(rows.map((row) => row.message_id))
}

/** The messages of a call. */
export const messagesOfCall = (db: Db, call: string): Promise<MessageState[]> =>
  db
    .selectFrom('message_states')
    .selectAll()
    .where('call_id', '=', call)
    .orderBy('recipient')
    .orderBy('message_id')
    .execute()
