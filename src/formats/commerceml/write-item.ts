/** Товар, and what an offer has in common with it, in the order of the schema. */
import { hasText } from '../xml-writer.ts'
import type { CommerceRequisite, CommerceTax } from './records.ts'
import { valueMax } from './write-classifier.ts'
import { writeMarks } from './write-groups.ts'
import type { ExportItem, ExportProduct } from './write-model.ts'
import { commentMax, nameMax, writeParty } from './write-party.ts'
import type { Scribe } from './write-scribe.ts'
import { writeBaseUnit, type UnitBook } from './write-unit.ts'

/** Writes Товар, or tells why not and returns false. */
export function writeProduct(scribe: Scribe, product: ExportProduct, units: UnitBook): boolean {
  scribe.about('product', product.id)
  if (!hasText(product.id)) {
    scribe.report('record_left_out', 'Товар', 'left out: it has no id')
    return false
  }
  const body = (): void => writeItem(scribe, product, units, () => writeOrigin(scribe, product))
  scribe.within('Товар', body, statusMark(product))
  return true
}

/** The fields up to ЗначенияРеквизитов; `writeMiddle` writes what stands behind the pictures. */
export function writeItem(
  scribe: Scribe,
  item: ExportProduct,
  units: UnitBook,
  writeMiddle?: () => void,
): void {
  scribe.xml.leaf('Ид', fitItemId(scribe, item.id))
  if (!scribe.isStrict) writeMarks(scribe, item)
  scribe.exact('Штрихкод', item.barcode, /^.{8,14}$/su, '8 to 14 characters')
  scribe.text('Артикул', item.article, nameMax)
  scribe.title('Наименование', item.name, item.id)
  writeBaseUnit(scribe, item.unit, units)
  scribe.id('ИдТовараУКонтрагента', item.counterpartyProductId)
  scribe.within('Группы', () => item.groupIds?.forEach((id) => scribe.id('Ид', id)))
  writeCategory(scribe, item.categoryId)
  scribe.text('Описание', item.description, commentMax)
  for (const picture of item.pictures ?? []) {
    scribe.exact('Картинка', picture, /^.{1,255}$/su, 'at most 255 characters')
  }
  writeMiddle?.()
  writePropertyValues(scribe, item)
  writeRates(scribe, item.taxes)
  writeCharacteristics(scribe, item)
  writeRequisites(scribe, allRequisites(scribe, item))
  if (scribe.isStrict) return
  for (const [name, value] of measuresOf(item)) {
    const number = scribe.fitNumber(name, value, 3)
    if (number !== undefined) scribe.xml.leaf(name, number)
  }
  scribe.text('КодГруппыТоваров', item.goodsGroupCode, nameMax)
}

const statusWords = { new: 'Новый', changed: 'Изменен', deleted: 'Удален' } as const

/** The attribute Статус; undefined when there is nothing to say. */
export function statusMark(item: ExportItem): { Статус: string } | undefined {
  const status = item.isDeleted ? 'deleted' : item.status
  return status && { Статус: statusWords[status] }
}

/** Longest product code that other parts of caravan know, see core/kinds/supplier.ts. */
const productIdMax = 64

/**
 * Идентификатор80. The part before `#` is shortened by itself, so that an offer still names the product of import.xml.
 */
function fitItemId(scribe: Scribe, id: string): string {
  const mark = id.indexOf('#')
  if (mark < 0) return scribe.fitId('Ид', id, 80) ?? ''
  const productId = scribe.fitId('Ид', id.slice(0, mark), productIdMax) ?? ''
  const rest = scribe.fitId('Ид', id.slice(mark + 1), 79 - productId.length) ?? ''
  return `${productId}#${rest}`
}

function writeCategory(scribe: Scribe, id: string | undefined): void {
  if (!scribe.isStrict) scribe.id('Категория', id)
  else if (id) {
    scribe.report(
      'value_left_out',
      'Категория',
      `Категория ${id} is left out: 2.07 has no such element`,
    )
  }
}

function writeOrigin(scribe: Scribe, product: ExportProduct): void {
  scribe.text('Страна', product.country, nameMax)
  scribe.text('ТорговаяМарка', product.brand, nameMax)
  writeParty(scribe, 'ВладелецТорговойМарки', product.brandOwner)
  writeParty(scribe, 'Изготовитель', product.manufacturer)
}

function writePropertyValues(scribe: Scribe, item: ExportItem): void {
  scribe.within('ЗначенияСвойств', () => {
    for (const property of item.propertyValues ?? []) {
      const id = scribe.fitId('Ид', property.id)
      const values = fitValues(scribe, property.values)
      if (id === undefined || values.length === 0) continue
      scribe.within('ЗначенияСвойства', () => {
        scribe.xml.leaf('Ид', id)
        scribe.text('Наименование', property.name, nameMax)
        for (const value of values) scribe.xml.leaf('Значение', value)
      })
    }
  })
}

function writeRates(scribe: Scribe, taxes: readonly CommerceTax[] | undefined): void {
  scribe.within('СтавкиНалогов', () => {
    for (const tax of taxes ?? []) {
      const rate = scribe.fit('Ставка', tax.rateRaw ?? tax.rate, nameMax)
      if (rate === undefined) continue
      scribe.within('СтавкаНалога', () => {
        scribe.xml.leaf('Наименование', scribe.fit('Наименование', tax.name, nameMax) ?? 'НДС')
        scribe.xml.leaf('Ставка', rate)
      })
    }
  })
}

function writeCharacteristics(scribe: Scribe, item: ExportItem): void {
  scribe.within('ХарактеристикиТовара', () => {
    for (const characteristic of item.characteristics ?? []) {
      const name = scribe.fit('Наименование', characteristic.name, nameMax)
      const value = scribe.fit('Значение', characteristic.value, valueMax)
      if (name === undefined || value === undefined) continue
      scribe.within('ХарактеристикаТовара', () => {
        scribe.id('Ид', characteristic.id)
        scribe.xml.leaf('Наименование', name)
        scribe.xml.leaf('Значение', value)
      })
    }
  })
}

function writeRequisites(scribe: Scribe, requisites: readonly CommerceRequisite[]): void {
  scribe.within('ЗначенияРеквизитов', () => {
    for (const requisite of requisites) {
      const name = scribe.fit('Наименование', requisite.name, nameMax)
      const values = fitValues(scribe, requisite.values)
      if (name === undefined || values.length === 0) continue
      scribe.within('ЗначениеРеквизита', () => {
        scribe.xml.leaf('Наименование', name)
        for (const value of values) scribe.xml.leaf('Значение', value)
      })
    }
  })
}

const fitValues = (scribe: Scribe, values: readonly string[]): string[] =>
  values.flatMap((value) => scribe.fit('Значение', value, valueMax) ?? [])

/** What stock 1C tells as requisites, added to those that are given unless they are among them. */
function allRequisites(scribe: Scribe, item: ExportProduct): readonly CommerceRequisite[] {
  const told: [string, string | undefined][] = [
    ['Полное наименование', item.fullName],
    ['Код', item.code],
    ['ОписаниеВФорматеHTML', item.descriptionHtml],
    ...(scribe.isStrict ? measuresOf(item) : []),
  ]
  const given = item.requisites ?? []
  const missing = told.filter(
    ([name, value]) => value && !given.some((one) => comparable(one.name) === comparable(name)),
  )
  if (missing.length === 0) return given
  return [...given, ...missing.map(([name, value = '']) => ({ name, values: [value] }))]
}

const comparable = (name: string | undefined): string =>
  (name ?? '').replace(/\s+/gu, '').toLowerCase()

const measuresOf = (item: ExportItem): [string, string | undefined][] => [
  ['Вес', item.weight],
  ['ВесНетто', item.netWeight],
  ['Ширина', item.width],
  ['Длина', item.length],
  ['Высота', item.height],
]
