import { emptyItem, noteMissingId, takeItemField, takeStatus } from './convert-item.ts'
import { idsOf, toTaxes } from './convert-parts.ts'
import { toStock } from './convert-stock.ts'
import type { CommerceOffer, CommercePrice } from './records.ts'
import { currencyOf, decimalIn, decimalOf, idIn, ownIdOf, shown, textIn, textOf } from './values.ts'
import type { Reading } from './values.ts'
import { child, childrenOf } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'

/** Предложение of a package, or of a package of changes. */
export function toOffer(
  node: XmlNode,
  reading: Reading,
  offset: number,
  isChange: boolean,
): CommerceOffer {
  const offer: CommerceOffer = {
    ...emptyItem(), // first: V8 then copies it in one go
    type: 'offer',
    isChange,
    prices: [],
    stock: undefined,
    groupIds: [],
    pictures: [],
    description: undefined,
    taxes: [],
    goodsGroupCode: undefined,
    offset,
  }
  takeStatus(offer, node, reading)
  for (const one of node.children) takeField(offer, one, reading)
  takeCharacteristicId(offer, node)
  offer.stock = toStock(node, reading)
  noteMissingId(offer, node, reading)
  return offer
}

function takeField(offer: CommerceOffer, node: XmlNode, reading: Reading): void {
  takeItemField(offer, node, reading)
  switch (node.name) {
    case 'Цены':
      for (const price of childrenOf(node, 'Цена')) offer.prices.push(toPrice(price, reading))
      break
    case 'Группы':
      offer.groupIds.push(...idsOf(node, 'Ид', reading))
      break
    case 'Картинка':
      offer.pictures.push(...[textOf(node, reading)].filter((path) => path !== undefined))
      break
    case 'Описание':
      offer.description = textOf(node, reading)
      break
    case 'СтавкиНалогов':
      offer.taxes = toTaxes(node, 'СтавкаНалога', reading)
      break
    case 'КодГруппыТоваров':
      offer.goodsGroupCode = textOf(node, reading)
      break
  }
}

/** Changes name the product in Ид and the characteristic in an element of its own. */
function takeCharacteristicId(offer: CommerceOffer, node: XmlNode): void {
  const characteristicId = ownIdOf(child(node, 'ИдХарактеристики'))
  if (characteristicId === undefined || offer.characteristicId !== undefined) return
  offer.characteristicId = characteristicId
  if (offer.productId !== undefined) offer.id = `${offer.productId}#${characteristicId}`
}

function toPrice(node: XmlNode, reading: Reading): CommercePrice {
  const amountNode = child(node, 'ЦенаЗаЕдиницу')
  const amount = decimalOf(amountNode, reading)
  if (amountNode && amount !== undefined && (amount.split('.')[1]?.length ?? 0) > 2) {
    const message = `The price ${shown(amount)} has more than two decimals.`
    reading.note('price_precision', message, amountNode)
  }
  return {
    priceTypeId: idIn(node, 'ИдТипаЦены', reading),
    amount,
    amountRaw: textOf(amountNode, reading),
    ...currencyOf(child(node, 'Валюта'), reading),
    unit: textIn(node, 'Единица', reading),
    unitId: idIn(node, 'ИдЕдиницыИзмерения', reading),
    ratio: decimalIn(node, 'Коэффициент', reading),
    minQuantity: decimalIn(node, 'МинКоличество', reading),
    text: textIn(node, 'Представление', reading),
    catalogueId: idIn(node, 'ИдКаталога', reading),
    taxes: toTaxes(node, 'Налог', reading),
  }
}
