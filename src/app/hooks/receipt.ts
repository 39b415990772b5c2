/** Delivery receipts: what became of a message, and of a call of which nobody knew whether it was done. */
import { z } from 'zod'
import type { SmsRow } from '../../core/sms/result.ts'
import { smsResult } from '../../core/sms/result.ts'
import { IntegrationError } from '../../core/errors.ts'
import { MessageStatus } from '../../core/kinds/sms.ts'
import { fromJson } from '../../store/json.ts'
import { applyReceipt, findMessages, messagesOfCall } from '../../store/message-states.ts'
import type { Entry } from '../../store/outbox.ts'
import { listDoubtful, settleEntry } from '../../store/outbox-upkeep.ts'
import type { Db } from '../../store/schema.ts'
import { settledCode } from '../settled-code.ts'
import type { Handler, HookContext } from './handlers.ts'

/** What every reader of receipts gives as `data`. */
const Receipt = z.object({
  messageId: z.string(),
  /** What the vendor echoes of our request. */
  reference: z.string().optional(),
  to: z.string().optional(),
  status: MessageStatus,
  code: z.string().optional(),
  description: z.string().optional(),
  error: z.object({ message: z.string() }).loose().optional(),
  /** The vendor takes a request for all its numbers or for none. */
  isWhole: z.boolean().optional(),
})
type Receipt = z.output<typeof Receipt>

/** A receipt can be faster than our own record of what was sent. */
const keptMs = 86_400_000

export const handleReceipt: Handler = async (tx, event, context) => {
  const receipt = Receipt.parse(JSON.parse(event.data))
  const { messageId, to = '', status } = receipt
  const doubtful = await findDoubtful(tx, event.service, receipt, context)
  if (doubtful?.status === 'sending') return { again: 'the call it belongs to is still under way' }
  const isOurs = doubtful !== undefined || (await isKnown(tx, event.service, messageId, to))
  if (!isOurs && context.reader?.proof === 'none') {
    const isYoung = context.now.getTime() - Date.parse(event.received_at) < keptMs
    const why = `no call of ours has sent message ${messageId}`
    return isYoung ? { again: why } : { outcome: `left alone: ${why}`, isNoNews: true }
  }
  const { former, isRaised, call } = await applyReceipt(
    tx,
    {
      service: event.service,
      messageId,
      to,
      status,
      code: receipt.code ?? null,
      error: receipt.error ? JSON.stringify(receipt.error) : null,
      at: event.at,
      event: event.id,
      call: doubtful?.id ?? null,
    },
    context.now,
  )
  const told = wordsOf(messageId, status, former, isRaised)
  const settled = doubtful && (await settle(tx, event.service, doubtful, receipt, context))
  const whose = call === null ? '' : `, of call ${call}`
  return {
    outcome: `${told}${whose}${settled ? `; the call is ${settled}` : ''}`,
    isNoNews: !isRaised && !settled,
  }
}

function wordsOf(id: string, status: string, former: string | undefined, isRaised: boolean) {
  if (isRaised) return `message ${id} is ${status}`
  if (status === former) return `message ${id} is ${status} already`
  return `message ${id} stays ${former}: "${status}" came late`
}

/** A number that was not asked for is none of ours, whoever tells of it. */
async function isKnown(tx: Db, service: string, messageId: string, to: string): Promise<boolean> {
  const known = await findMessages(tx, service, messageId)
  return known.some((one) => one.call_id !== null && (to === '' || one.recipient === to))
}

/** The call that the receipt names and whose end nobody knows, or has told yet. */
async function findDoubtful(
  tx: Db,
  service: string,
  { reference, to }: Receipt,
  { reader }: HookContext,
): Promise<Entry | undefined> {
  if (reference === undefined) return undefined
  const referenceOf = reader?.referenceOf ?? ((key: string) => key)
  const rows = await listDoubtful(tx, service)
  return rows.find(
    (row) =>
      row.operation === 'send' &&
      referenceOf(row.idempotency_key) === reference &&
      (to === undefined || recipientsOf(row).includes(to)),
  )
}

/** Numbers that a call was to be sent to. */
export const recipientsOf = ({ input }: Entry): string[] =>
  [fromJson<{ to?: string | string[] }>(input)?.to ?? []].flat()

/**
 * The vendor has told of it, so it had arrived. It is done when any of its numbers was taken; it failed when all of them
 * did; until one of both is known it stays as it is.
 */
async function settle(
  tx: Db,
  service: string,
  row: Entry,
  { isWhole }: Receipt,
  { now }: HookContext,
): Promise<'done' | 'partial' | 'failed' | undefined> {
  const states = new Map((await messagesOfCall(tx, row.id)).map((one) => [one.recipient, one]))
  const rows = recipientsOf(row).map((to): SmsRow => {
    const state = states.get(to)
    if (!state) return { to, status: isWhole ? 'accepted' : 'unknown' }
    const status = MessageStatus.parse(state.status)
    const message = fromJson<{ message: string }>(state.error)?.message ?? 'it was not delivered'
    const code = state.code ?? undefined
    const failure = new IntegrationError({ kind: 'rejected', message, code, outcome: 'not_done' })
    return { to, status, messageId: state.message_id, ...(status === 'failed' && { failure }) }
  })
  const end = endOf(rows, service)
  if (!end) return undefined
  const whole = { ...end, servedBy: row.served_by, exchanges: row.exchanges }
  return (await settleEntry(tx, row, whole, now)) ? end.status : undefined
}

function endOf(rows: readonly SmsRow[], service: string) {
  const says = { code: settledCode, hint: null, outcome: 'not_done' as const }
  if (rows.some(({ status }) => status === 'accepted' || status === 'delivered')) {
    const output = smsResult(rows)
    const error = { ...says, kind: 'unavailable', message: `sent, says a receipt of ${service}` }
    const status = output.partial ? ('partial' as const) : ('done' as const)
    return { status, output: JSON.stringify(output), ...(status === 'done' && { error }) }
  }
  if (!rows.every(({ status }) => status === 'failed')) return undefined
  const why = rows[0]?.failure?.message ?? ''
  const error = {
    ...says,
    kind: 'rejected',
    message: `not delivered, says a receipt of ${service}: ${why}`,
  }
  return { status: 'failed' as const, error }
}
