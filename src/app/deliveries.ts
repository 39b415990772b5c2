import { maskPersonal } from '../calls/mask.ts'
import { fromJson } from '../store/json.ts'
import { messagesOfCall } from '../store/message-states.ts'
import type { Db } from '../store/schema.ts'
import type { Delivery } from './answers/hooks.ts'

/** What is known of the messages a call has sent, as its vendor answered or told later; empty for any other call. */
export async function deliveriesOf(db: Db, call: string): Promise<Delivery[]> {
  const rows = await messagesOfCall(db, call)
  return rows.map((row) => ({
    message_id: row.message_id,
    to: maskPersonal(row.recipient),
    status: row.status,
    code: row.code,
    error: fromJson<{ message?: string }>(row.error)?.message ?? null,
    at: row.at,
    updated_at: row.updated_at,
  }))
}
