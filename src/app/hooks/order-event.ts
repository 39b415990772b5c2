/** What a supplier tells of our orders. */
import { z } from 'zod'
import { fromJson } from '../../store/json.ts'
import type { Entry } from '../../store/outbox.ts'
import { saveOrderState } from '../../store/order-states.ts'
import { listDoubtful, settleEntry } from '../../store/outbox-upkeep.ts'
import type { Db } from '../../store/schema.ts'
import { settledCode } from '../settled-code.ts'
import type { Handler } from './handlers.ts'

const OrderEvent = z.object({
  event: z.enum(['confirm', 'cancel', 'out_of_stock']),
  /** Ours. */
  orderNo: z.string(),
  supplierOrderNo: z.string().nullable(),
  succeeded: z.boolean(),
  failure: z.string().nullable(),
})
type OrderEvent = z.output<typeof OrderEvent>

export const handleOrderEvent: Handler = async (tx, row, { now }) => {
  const told = OrderEvent.parse(JSON.parse(row.data))
  const { event, orderNo, supplierOrderNo, succeeded, failure } = told
  const isNews = await saveOrderState(tx, {
    service: row.service,
    order_no: orderNo,
    event_type: event,
    supplier_order_no: supplierOrderNo,
    succeeded: succeeded ? 1 : 0,
    failure,
    at: row.at,
    updated_at: now.toISOString(),
    event: row.id,
  })
  const words = `order ${orderNo}: ${event} ${succeeded ? 'succeeded' : 'failed'}`
  if (!isNews)
    return { outcome: `${words}; this or something later is known already`, isNoNews: true }
  const settled = succeeded ? await settleOrder(tx, row.service, told, now) : undefined
  return { outcome: settled ? `${words}; call ${settled} is done` : words }
}

const operations: Partial<Record<OrderEvent['event'], string>> = {
  confirm: 'pushOrder',
  cancel: 'cancelOrder',
}

/**
 * Settles a call of which nobody knew whether it was done. Only by the number that names one order alone: the number of
 * the platform stands for all of its sub-orders, and says of none that it had arrived.
 */
async function settleOrder(
  tx: Db,
  service: string,
  { event, orderNo, supplierOrderNo }: OrderEvent,
  now: Date,
): Promise<string | undefined> {
  const rows = await listDoubtful(tx, service)
  const row = rows.find(
    (one) =>
      one.status === 'unknown' &&
      one.operation === operations[event] &&
      subOrderOf(one) === orderNo,
  )
  if (!row) return undefined
  const output =
    event === 'confirm'
      ? { supplierOrderNo, subOrderNo: orderNo, wasKnown: true }
      : { subOrderNo: orderNo }
  const error = {
    kind: 'unavailable',
    code: settledCode,
    message: `done, says a webhook of ${service}`,
    hint: null,
    outcome: 'not_done' as const,
  }
  const end = { status: 'done' as const, output: JSON.stringify(output), error }
  const whole = { ...end, servedBy: row.served_by, exchanges: row.exchanges }
  return (await settleEntry(tx, row, whole, now)) ? row.id : undefined
}

const subOrderOf = ({ input }: Entry): string | undefined =>
  fromJson<{ subOrderNo?: string }>(input)?.subOrderNo
