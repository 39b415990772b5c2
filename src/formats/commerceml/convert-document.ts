import { toCounterparty } from './convert-customer.ts'
import { requisiteFlag } from './convert-item.ts'
import { toDiscounts, toLine } from './convert-line.ts'
import { toRequisites, toTaxes } from './convert-parts.ts'
import { isoOf, isoOfParts } from './dates.ts'
import type { CommerceDocumentBody, CommercePayment } from './records-document.ts'
import type { CommerceRequisite } from './records.ts'
import {
  booleanIn,
  currencyOf,
  decimalIn,
  idIn,
  isoOfNode,
  nameKey,
  ownIdOf,
  textIn,
} from './values.ts'
import type { Reading } from './values.ts'
import { child, childNames, childrenOf } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'

/** Документ or ПодчиненныйДокумент. Nearly every field may be missing: a change of status has but requisites. */
export function toDocument(node: XmlNode, reading: Reading): CommerceDocumentBody {
  const requisiteList = child(node, 'ЗначенияРеквизитов')
  const requisites = requisiteList ? toRequisites(requisiteList, reading) : []
  const date = textIn(node, 'Дата', reading)
  const time = textIn(node, 'Время', reading)
  isoOfNode(child(node, 'Дата'), reading)
  return {
    id: ownIdOf(child(node, 'Ид')),
    number: textIn(node, 'Номер', reading),
    date,
    time,
    atIso: isoOfParts(date, time),
    operation: textIn(node, 'ХозОперация', reading),
    role: textIn(node, 'Роль', reading),
    ...currencyOf(child(node, 'Валюта'), reading),
    rate: decimalIn(node, 'Курс', reading),
    amount: decimalIn(node, 'Сумма', reading),
    payUntil: textIn(node, 'СрокПлатежа', reading),
    comment: textIn(node, 'Комментарий', reading),
    version: textIn(node, 'НомерВерсии', reading),
    basisId: idIn(node, 'Основание', reading),
    organization: nameOrText(child(node, 'Организация'), reading),
    warehouse: nameOrText(child(node, 'Склад'), reading),
    agreement: nameOrText(child(node, 'Соглашение'), reading),
    customers: childrenOf(child(node, 'Контрагенты'), 'Контрагент').map((one) =>
      toCounterparty(one, reading),
    ),
    taxes: toTaxes(child(node, 'Налоги'), 'Налог', reading),
    discounts: toDiscounts(node, reading),
    lines: childrenOf(child(node, 'Товары'), 'Товар').map((one) => toLine(one, reading)),
    requisites,
    payments: childrenOf(child(node, 'Оплаты'), 'Оплата').map((one) => toPayment(one, reading)),
    ...fromRequisites(node, requisites, reading),
    subDocuments: childrenOf(child(node, 'ПодчиненныеДокументы'), 'ПодчиненныйДокумент').map(
      (one) => toDocument(one, reading),
    ),
    has: childNames(node),
  }
}

/** What requisites say; their names differ between programs in blanks, letter case and grammar. */
function fromRequisites(node: XmlNode, requisites: CommerceRequisite[], reading: Reading) {
  const byName = new Map<string, readonly string[]>()
  for (const { name, values } of requisites) {
    if (name !== undefined && values.length > 0) byName.set(nameKey(name), values)
  }
  const first = (...keys: string[]): string | undefined =>
    keys.map((key) => byName.get(key)?.[0]).find((value) => value !== undefined)
  const flag = (...keys: string[]): boolean | undefined =>
    keys.map((key) => requisiteFlag(byName.get(key))).find((value) => value !== undefined)
  const onecDate = textIn(node, 'Дата1С', reading) ?? first('датапо1с')
  const paidOn = first('датаоплатыпо1с', 'датаоплаты')
  const shippedOn = first('датаотгрузкипо1с', 'датаотгрузки')
  return {
    isDeleted: booleanIn(node, 'ПометкаУдаления', reading) ?? flag('пометкаудаления') ?? false,
    onecNumber: textIn(node, 'Номер1С', reading) ?? first('номерпо1с'),
    onecDate,
    onecDateIso: isoOrNone(onecDate),
    statusName: first('статусзаказа'),
    statusId: first('статусзаказаид', 'статусазаказаид'),
    isCancelled: flag('отменен'),
    isPosted: flag('проведен'),
    isPaid: flag('заказоплачен', 'оплачен', 'оплачено'),
    isShipped: flag('отгружен'),
    paidOn,
    paidOnIso: isoOrNone(paidOn),
    paymentNumber: first('номероплатыпо1с', 'номерплатежногодокумента', 'номерчека'),
    shippedOn,
    shippedOnIso: isoOrNone(shippedOn),
    shipmentNumber: first('номеротгрузкипо1с', 'номердокументаотгрузки'),
  }
}

const isoOrNone = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : (isoOf(text) ?? undefined)

/** An organisation, a warehouse or an agreement: a name alone, or a subtree with one. */
const nameOrText = (node: XmlNode | undefined, reading: Reading): string | undefined =>
  node &&
  (textIn(node, 'Наименование', reading) ??
    (node.text.trim() || undefined) ??
    idIn(node, 'Ид', reading))

function toPayment(node: XmlNode, reading: Reading): CommercePayment {
  const paidOn = textIn(node, 'ДатаОплаты', reading)
  return {
    documentNumber: textIn(node, 'НомерДокумента', reading),
    transactionNumber: textIn(node, 'НомерТранзакции', reading),
    paidOn,
    paidOnIso: isoOfNode(child(node, 'ДатаОплаты'), reading),
    amount: decimalIn(node, 'СуммаОплаты', reading),
    method: textIn(node, 'СпособОплаты', reading),
    methodId: textIn(node, 'ИдСпособаОплаты', reading),
  }
}
