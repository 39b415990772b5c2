import { emptyItem, noteMissingId, takeItemField, takeStatus } from './convert-item.ts'
import { idsOf, toParty, toTaxes } from './convert-parts.ts'
import type { CommerceProduct } from './records.ts'
import { idOf, nameKey, readBoolean, textOf } from './values.ts'
import type { Reading } from './values.ts'
import type { XmlNode } from './xml-node.ts'

/** Товар of a catalogue. */
export function toProduct(node: XmlNode, reading: Reading, offset: number): CommerceProduct {
  const product: CommerceProduct = {
    ...emptyItem(), // first: V8 then copies it in one go
    type: 'product',
    counterpartyProductId: undefined,
    groupIds: [],
    categoryId: undefined,
    description: undefined,
    descriptionHtml: undefined,
    pictures: [],
    country: undefined,
    brand: undefined,
    brandOwner: undefined,
    manufacturer: undefined,
    taxes: [],
    goodsGroupCode: undefined,
    offset,
  }
  takeStatus(product, node, reading)
  for (const one of node.children) takeField(product, one, reading)
  takeHtml(product)
  noteMissingId(product, node, reading)
  return product
}

function takeField(product: CommerceProduct, node: XmlNode, reading: Reading): void {
  takeItemField(product, node, reading)
  switch (node.name) {
    case 'Группы':
      product.groupIds.push(...idsOf(node, 'Ид', reading))
      break
    case 'Описание':
      product.description = textOf(node, reading)
      break
    case 'Картинка':
      takePicture(product, node, reading)
      break
    case 'Изготовитель':
      product.manufacturer = toParty(node, reading)
      break
    case 'СтавкиНалогов':
      product.taxes = toTaxes(node, 'СтавкаНалога', reading)
      break
    case 'Категория':
      product.categoryId = idOf(node, reading)
      break
    case 'Страна':
      product.country = textOf(node, reading)
      break
    case 'ТорговаяМарка':
      product.brand = textOf(node, reading)
      break
    case 'ВладелецТорговойМарки':
      product.brandOwner = toParty(node, reading)
      break
    case 'ИдТовараУКонтрагента':
      product.counterpartyProductId = idOf(node, reading)
      break
    case 'КодГруппыТоваров':
      product.goodsGroupCode = textOf(node, reading)
      break
  }
}

function takePicture(product: CommerceProduct, node: XmlNode, reading: Reading): void {
  const path = textOf(node, reading)
  if (path !== undefined) product.pictures.push(path)
}

/** ОписаниеВФорматеHTML holds the HTML itself, or says true or false about Описание. */
function takeHtml(product: CommerceProduct): void {
  for (const { name, values } of product.requisites) {
    if (name?.length !== 20 || nameKey(name) !== 'описаниевформатеhtml') continue
    const value = values[0]
    const isHtml = value === undefined ? undefined : readBoolean(value)
    product.descriptionHtml =
      isHtml === undefined ? value : isHtml ? product.description : undefined
  }
}
