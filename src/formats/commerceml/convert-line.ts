import { emptyItem, takeItemField, takeStatus } from './convert-item.ts'
import { toTaxes, toUnitUse } from './convert-parts.ts'
import type { CommerceDiscount, CommerceLine } from './records-document.ts'
import {
  booleanIn,
  decimalFrom,
  decimalIn,
  decimalOf,
  idIn,
  normaliseId,
  textIn,
} from './values.ts'
import type { Reading } from './values.ts'
import { child, childrenOf } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'

/** A line of a document: a product with quantity, price and amount. */
export function toLine(node: XmlNode, reading: Reading): CommerceLine {
  const item = emptyItem()
  takeStatus(item, node, reading)
  for (const one of node.children) takeItemField(item, one, reading)
  const unit = child(node, 'Единица')
  return {
    ...item,
    unit: item.unit ?? (unit && toUnitUse(unit, reading)),
    catalogueId: idIn(node, 'ИдКаталога', reading),
    price: decimalOf(child(node, 'ЦенаЗаЕдиницу') ?? child(node, 'Цена'), reading),
    quantity: decimalIn(node, 'Количество', reading),
    amount: decimalIn(node, 'Сумма', reading),
    ratio: decimalIn(node, 'Коэффициент', reading),
    country: textIn(node, 'СтранаПроисхождения', reading) ?? textIn(node, 'Страна', reading),
    customsNumber: textIn(node, 'ГТД', reading),
    taxes: [
      ...toTaxes(child(node, 'Налоги'), 'Налог', reading),
      ...toTaxes(child(node, 'СтавкиНалогов'), 'СтавкаНалога', reading),
    ],
    discounts: toDiscounts(node, reading),
    warehouses: childrenOf(child(node, 'Склады'), 'Склад').map((one) => toWarehouse(one, reading)),
  }
}

export const toDiscounts = (node: XmlNode, reading: Reading): CommerceDiscount[] =>
  childrenOf(child(node, 'Скидки'), 'Скидка').map((one) => ({
    name: textIn(one, 'Наименование', reading),
    amount: decimalIn(one, 'Сумма', reading),
    percent: decimalIn(one, 'Процент', reading),
    isIncluded: booleanIn(one, 'УчтеноВСумме', reading),
    comment: textIn(one, 'Комментарий', reading),
  }))

function toWarehouse(node: XmlNode, reading: Reading): { id?: string; quantity?: string } {
  const id = node.attributes?.['ИдСклада']?.trim()
  const quantity = node.attributes?.['КоличествоНаСкладе']
  return {
    id: id ? normaliseId(id) : idIn(node, 'Ид', reading),
    quantity:
      quantity === undefined
        ? decimalIn(node, 'Количество', reading)
        : decimalFrom(quantity.trim(), node, reading),
  }
}
