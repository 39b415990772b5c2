import { parseDecimal } from '../../core/decimal.ts'
import type {
  CommerceAddress,
  CommerceCharacteristic,
  CommerceContact,
  CommerceContactKind,
  CommerceParty,
  CommercePropertyValue,
  CommerceRequisite,
  CommerceTax,
  CommerceUnitUse,
} from './records.ts'
import {
  booleanIn,
  decimalIn,
  idIn,
  idOf,
  normaliseId,
  textIn,
  textOf,
  zeroGuid,
} from './values.ts'
import type { Reading } from './values.ts'
import { childrenOf } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'

/** Налог or СтавкаНалога. A rate may be written `20`, `18%` or `Без налога`. */
function toTax(node: XmlNode, reading: Reading): CommerceTax {
  const rateRaw = textIn(node, 'Ставка', reading)
  return {
    name: textIn(node, 'Наименование', reading),
    isIncluded: booleanIn(node, 'УчтеноВСумме', reading),
    isExcise: booleanIn(node, 'Акциз', reading),
    rate: rateRaw === undefined ? undefined : parseDecimal(rateRaw.replace(/%$/, '')),
    rateRaw,
    amount: decimalIn(node, 'Сумма', reading),
  }
}

export const toTaxes = (node: XmlNode | undefined, name: string, reading: Reading): CommerceTax[] =>
  childrenOf(node, name).map((tax) => toTax(tax, reading))

/** БазоваяЕдиница or Единица: attributes and a short name (2.x), an id alone (3.1), or a subtree (3.1 lines). */
export function toUnitUse(node: XmlNode, reading: Reading): CommerceUnitUse | undefined {
  const { attributes } = node
  const text = textOf(node, reading)
  const isSpelt = attributes !== undefined || node.children.length > 0
  const unit: CommerceUnitUse = {
    id: isSpelt ? idIn(node, 'Ид', reading) : text && normaliseId(text),
    code: blankless(attributes?.['Код']) ?? textIn(node, 'Код', reading),
    shortName:
      textIn(node, 'НаименованиеКраткое', reading) ??
      blankless(attributes?.['НаименованиеКраткое']) ??
      text,
    fullName:
      blankless(attributes?.['НаименованиеПолное']) ?? textIn(node, 'НаименованиеПолное', reading),
    international:
      blankless(attributes?.['МеждународноеСокращение']) ??
      textIn(node, 'МеждународноеСокращение', reading),
    conversions: childrenOf(node, 'Пересчет').map((one) => ({
      unit: textIn(one, 'Единица', reading),
      ratio: decimalIn(one, 'Коэффициент', reading),
    })),
  }
  return text !== undefined || unit.code || unit.id || unit.shortName ? unit : undefined
}

const blankless = (text: string | undefined): string | undefined => text?.trim() || undefined

export function toRequisites(node: XmlNode, reading: Reading): CommerceRequisite[] {
  const requisites: CommerceRequisite[] = []
  for (const one of node.children) {
    if (one.name !== 'ЗначениеРеквизита') continue
    const requisite: CommerceRequisite = { name: undefined, values: [] }
    for (const part of one.children) {
      if (part.name === 'Наименование') requisite.name = textOf(part, reading)
      if (part.name === 'Значение') takeText(requisite.values, part, reading)
    }
    requisites.push(requisite)
  }
  return requisites
}

/** ЗначенияСвойств. The zero GUID is no value. */
export function toPropertyValues(node: XmlNode, reading: Reading): CommercePropertyValue[] {
  const properties: CommercePropertyValue[] = []
  for (const one of node.children) {
    if (one.name !== 'ЗначенияСвойства') continue
    const property: CommercePropertyValue = { id: undefined, name: undefined, values: [] }
    for (const part of one.children) {
      if (part.name === 'Ид') property.id = idOf(part, reading)
      if (part.name === 'Наименование') property.name = textOf(part, reading)
      if (part.name === 'Значение') takeValue(property.values, part, reading)
    }
    properties.push(property)
  }
  return properties
}

function takeText(texts: string[], node: XmlNode, reading: Reading): void {
  const text = textOf(node, reading)
  if (text !== undefined) texts.push(text)
}

function takeValue(values: string[], node: XmlNode, reading: Reading): void {
  const text = textOf(node, reading)
  if (text === undefined || text === zeroGuid) return
  values.push(text.length === 36 ? normaliseId(text) : text)
}

export const toCharacteristics = (node: XmlNode, reading: Reading): CommerceCharacteristic[] =>
  childrenOf(node, 'ХарактеристикаТовара').map((one) => ({
    id: idIn(one, 'Ид', reading),
    name: textIn(one, 'Наименование', reading),
    value: textIn(one, 'Значение', reading),
  }))

export const toParty = (node: XmlNode, reading: Reading): CommerceParty => ({
  id: idIn(node, 'Ид', reading),
  name: textIn(node, 'Наименование', reading),
  officialName: textIn(node, 'ОфициальноеНаименование', reading),
})

export function textsOf(node: XmlNode, name: string, reading: Reading): string[] {
  const texts: string[] = []
  for (const one of node.children) if (one.name === name) takeText(texts, one, reading)
  return texts
}

export function idsOf(node: XmlNode, name: string, reading: Reading): string[] {
  const ids: string[] = []
  for (const one of node.children) {
    const id = one.name === name ? idOf(one, reading) : undefined
    if (id !== undefined) ids.push(id)
  }
  return ids
}

export function toAddress(
  node: XmlNode | undefined,
  reading: Reading,
): CommerceAddress | undefined {
  if (!node) return undefined
  const address: CommerceAddress = {
    text: textIn(node, 'Представление', reading) ?? textOf(node, reading),
    comment: textIn(node, 'Комментарий', reading),
    fields: childrenOf(node, 'АдресноеПоле').map((field) => ({
      type: textIn(field, 'Тип', reading),
      value: textIn(field, 'Значение', reading),
    })),
  }
  return address.text || address.comment || address.fields.length > 0 ? address : undefined
}

export const toContacts = (node: XmlNode | undefined, reading: Reading): CommerceContact[] =>
  childrenOf(node, 'Контакт').map((one) => {
    const type = textIn(one, 'Тип', reading)
    const value = textIn(one, 'Значение', reading)
    const comment = textIn(one, 'Комментарий', reading)
    return { kind: contactKind(type, value), type, value, comment }
  })

/** Почта is e-mail in files from sites and a postal address for warehouses of УТ: the `@` decides. */
function contactKind(type: string | undefined, value: string | undefined): CommerceContactKind {
  const word = (type ?? '').toLowerCase().replace(/\s/g, '')
  if (word.includes('почта')) return value?.includes('@') ? 'email' : 'postal'
  if (word.startsWith('телефон')) return 'phone'
  if (word === 'факс') return 'fax'
  return word === 'вебсайт' ? 'web' : 'other'
}

export const isMarkedDeleted = (node: XmlNode, reading: Reading): boolean =>
  booleanIn(node, 'ПометкаУдаления', reading) ?? false
