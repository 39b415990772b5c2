import { idsOf, isMarkedDeleted, toAddress, toContacts, toTaxes } from './convert-parts.ts'
import type {
  CommerceCategory,
  CommerceGroup,
  CommercePriceType,
  CommerceProperty,
  CommerceUnit,
  CommerceVariant,
  CommerceWarehouse,
} from './records.ts'
import { booleanIn, currencyOf, idIn, normaliseId, textIn, textOf } from './values.ts'
import type { Reading } from './values.ts'
import { child, childrenOf } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'

const identity = (node: XmlNode, reading: Reading, offset: number) => ({
  id: idIn(node, 'Ид', reading),
  name: textIn(node, 'Наименование', reading),
  isDeleted: isMarkedDeleted(node, reading),
  version: textIn(node, 'НомерВерсии', reading),
  offset,
})

/** A group and all below it, parents first. All carry the offset of the topmost. */
export function toGroups(node: XmlNode, reading: Reading, offset: number): CommerceGroup[] {
  const groups: CommerceGroup[] = []
  const add = (group: XmlNode, depth: number, parentId: string | undefined): void => {
    const own = identity(group, reading, offset)
    const description = textIn(group, 'Описание', reading)
    groups.push({ type: 'group', ...own, parentId, depth, description })
    for (const list of childrenOf(group, 'Группы')) {
      for (const below of childrenOf(list, 'Группа')) add(below, depth + 1, own.id)
    }
  }
  add(node, 1, undefined)
  return groups
}

const valueTypes: Record<string, CommerceProperty['valueType']> = {
  строка: 'text',
  число: 'number',
  время: 'time',
  дата: 'date',
  булево: 'boolean',
  справочник: 'reference',
}

export function toProperty(node: XmlNode, reading: Reading, offset: number): CommerceProperty {
  const valueTypeRaw = textIn(node, 'ТипЗначений', reading)
  return {
    type: 'property',
    ...identity(node, reading, offset),
    description: textIn(node, 'Описание', reading),
    valueType: valueTypes[valueTypeRaw?.toLowerCase() ?? 'строка'] ?? 'text',
    valueTypeRaw,
    variants: toVariants(child(node, 'ВариантыЗначений'), reading),
    appliesTo: appliesTo(node, reading),
    isMultiple: booleanIn(node, 'Множественное', reading) ?? false,
    required: textIn(node, 'Обязательное', reading),
    isExternal: booleanIn(node, 'Внешний', reading) ?? false,
    isInformational: booleanIn(node, 'Информационное', reading) ?? false,
  }
}

function appliesTo(node: XmlNode, reading: Reading): CommerceProperty['appliesTo'] {
  if (booleanIn(node, 'ДляПредложений', reading)) return 'offers'
  return booleanIn(node, 'ДляДокументов', reading) ? 'documents' : 'goods'
}

function toVariants(node: XmlNode | undefined, reading: Reading): CommerceVariant[] {
  const variants: CommerceVariant[] = []
  for (const one of node?.children ?? []) {
    if (one.name === 'Значение') variants.push({ value: textOf(one, reading) })
    if (one.name !== 'Справочник') continue
    const id = child(one, 'ИдЗначения')?.text.trim()
    const value = textIn(one, 'Значение', reading)
    variants.push({ id: id ? normaliseId(id) : undefined, value })
  }
  return variants
}

/** Категория (УНФ): a kind of goods. Its properties are named by Свойства/Ид. */
export function toCategory(node: XmlNode, reading: Reading, offset: number): CommerceCategory {
  const properties = child(node, 'Свойства')
  return {
    type: 'category',
    ...identity(node, reading, offset),
    propertyIds: properties ? idsOf(properties, 'Ид', reading) : [],
  }
}

export function toPriceType(node: XmlNode, reading: Reading, offset: number): CommercePriceType {
  const taxes = toTaxes(node, 'Налог', reading)
  return {
    type: 'priceType',
    ...identity(node, reading, offset),
    description: textIn(node, 'Описание', reading),
    ...currencyOf(child(node, 'Валюта'), reading),
    isTaxIncluded: taxes[0]?.isIncluded,
    taxes,
  }
}

export const toWarehouse = (
  node: XmlNode,
  reading: Reading,
  offset: number,
): CommerceWarehouse => ({
  type: 'warehouse',
  ...identity(node, reading, offset),
  comment: textIn(node, 'Комментарий', reading),
  address: toAddress(child(node, 'Адрес'), reading),
  contacts: toContacts(child(node, 'Контакты'), reading),
})

export const toUnit = (node: XmlNode, reading: Reading, offset: number): CommerceUnit => ({
  type: 'unit',
  id: idIn(node, 'Ид', reading),
  code: textIn(node, 'Код', reading),
  shortName: textIn(node, 'НаименованиеКраткое', reading),
  fullName: textIn(node, 'НаименованиеПолное', reading),
  international: textIn(node, 'МеждународноеСокращение', reading),
  isDeleted: isMarkedDeleted(node, reading),
  version: textIn(node, 'НомерВерсии', reading),
  offset,
})
