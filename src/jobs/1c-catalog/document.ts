import { localToInstant } from '../../core/local-time.ts'
import { parseMoney } from '../../core/money.ts'
import type {
  CommerceDocument,
  CommerceDocumentBody,
} from '../../formats/commerceml/records-document.ts'
import type { Statement } from '../../store/catalog/merge.ts'
import { flag } from '../../store/catalog/products.ts'
import { put } from './product.ts'

const orderOperation = 'Заказ товара'

/**
 * Orders are found by the site's own number, for the id may be that of 1C or missing. Payments and shipments that stand
 * beside an order under the same number are told apart by their operation. Undefined when there is neither.
 */
export function documentKey({ id, number, operation }: CommerceDocumentBody): string | undefined {
  const key = number ?? id
  if (key === undefined) return undefined
  return operation === undefined || operation === orderOperation ? key : `${operation}:${key}`
}

/**
 * What 1C says of an order. Documents that give only a status have hardly any field; those they leave out stay as they
 * were, the lines above all.
 */
export const toOrderStatus = (
  document: CommerceDocument,
  key: string,
  timezone: string,
): Statement<'order_statuses'> => ({
  externalId: key,
  values: {
    number: document.number,
    onec_id: document.id,
    onec_number: document.onecNumber,
    onec_date: instantOf(document.onecDateIso, document.onecDate, timezone),
    operation: document.operation,
    status_raw: document.statusName ?? document.statusId,
    is_posted: flag(document.isPosted),
    is_cancelled: flag(document.isCancelled),
    is_deleted: flag(document.isDeleted),
    paid_at: instantOf(document.paidOnIso, document.paidOn, timezone),
    shipped_at: instantOf(document.shippedOnIso, document.shippedOn, timezone),
    sum:
      document.amount === undefined
        ? undefined
        : parseMoney(document.amount, document.currency ?? 'RUB')?.minor,
    currency: document.currency,
    details: JSON.stringify(documentDetails(document)),
  },
})

/** The instant where the text could be read, else the text. */
const instantOf = (
  iso: string | undefined,
  raw: string | undefined,
  timezone: string,
): string | undefined => (iso === undefined ? raw : (localToInstant(iso, timezone) ?? raw))

function documentDetails(document: CommerceDocument): Record<string, unknown> {
  const details: Record<string, unknown> = {}
  put(details, 'date', document.atIso ?? document.date)
  put(details, 'role', document.role)
  put(details, 'amount', document.amount)
  put(details, 'currencyRaw', document.currencyRaw)
  put(details, 'comment', document.comment)
  put(details, 'basisId', document.basisId)
  put(details, 'organization', document.organization)
  put(details, 'warehouse', document.warehouse)
  put(details, 'agreement', document.agreement)
  put(details, 'statusId', document.statusId)
  put(details, 'isPaid', document.isPaid)
  put(details, 'isShipped', document.isShipped)
  put(details, 'paymentNumber', document.paymentNumber)
  put(details, 'shipmentNumber', document.shipmentNumber)
  put(details, 'requisites', document.requisites)
  put(details, 'payments', document.payments)
  put(details, 'taxes', document.taxes)
  put(details, 'discounts', document.discounts)
  put(details, 'lines', document.lines)
  put(details, 'customers', document.customers)
  put(details, 'subDocuments', document.subDocuments)
  return details
}
