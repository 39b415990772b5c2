/** Классификатор and the lists that stand in it or, in 2.07, in the package of offers. */
import type { CommerceProperty } from './records.ts'
import { writeGroups, writeMarks } from './write-groups.ts'
import type {
  CatalogueOptions,
  ExportPriceType,
  ExportProperty,
  ExportUnit,
  ExportWarehouse,
} from './write-model.ts'
import {
  commentMax,
  nameMax,
  writeAddress,
  writeContacts,
  writeParty,
  writeTaxKinds,
} from './write-party.ts'
import type { Scribe } from './write-scribe.ts'

/** ЗначениеТип: values of properties, requisites and characteristics. */
export const valueMax = 1000

/** Which part of the classifier a file carries. Returns the number of groups written. */
export function writeClassifier(
  scribe: Scribe,
  options: CatalogueOptions,
  part: 'goods' | 'offers',
): number {
  const { classifier, owner, properties = [] } = options
  let groups = 0
  const body = (): void => {
    scribe.about('classifier', classifier.id)
    scribe.id('Ид', classifier.id)
    scribe.title('Наименование', classifier.name, classifier.id)
    writeParty(scribe, 'Владелец', owner)
    scribe.text('Описание', classifier.description, commentMax)
    if (part === 'goods') groups = writeGroups(scribe, options.groups)
    const told = part === 'goods' ? properties : properties.filter(isForOffers)
    scribe.within('Свойства', () => told.forEach((property) => writeProperty(scribe, property)))
    if (scribe.isStrict) return
    writePriceTypes(scribe, options.priceTypes)
    writeWarehouses(scribe, options.warehouses)
    if (part === 'goods') writeUnits(scribe, options.units)
  }
  // Beside the offers stands a part of it, whatever the package claims.
  const changesOnly = options.changesOnly || part === 'offers'
  scribe.within('Классификатор', body, scribe.isStrict ? undefined : changeMark(changesOnly))
  return groups
}

export const changeMark = (changesOnly: boolean) => ({
  СодержитТолькоИзменения: String(changesOnly),
})

export function writePriceTypes(scribe: Scribe, types: readonly ExportPriceType[] = []): void {
  scribe.within('ТипыЦен', () => {
    for (const type of types) {
      scribe.about('price type', type.id)
      scribe.within('ТипЦены', () => {
        if (!writeId(scribe, type.id)) return
        writeMarks(scribe, type)
        scribe.text('Наименование', type.name, nameMax)
        writeCurrency(scribe, type)
        scribe.text('Описание', type.description, commentMax)
        writeTaxKinds(scribe, type.taxes)
      })
    }
  })
}

export function writeWarehouses(scribe: Scribe, warehouses: readonly ExportWarehouse[] = []): void {
  scribe.within('Склады', () => {
    for (const warehouse of warehouses) {
      scribe.about('warehouse', warehouse.id)
      scribe.within('Склад', () => {
        if (!writeId(scribe, warehouse.id)) return
        writeMarks(scribe, warehouse)
        scribe.text('Наименование', warehouse.name, nameMax)
        scribe.text('Комментарий', warehouse.comment, commentMax)
        writeAddress(scribe, 'Адрес', warehouse.address)
        writeContacts(scribe, warehouse.contacts)
      })
    }
  })
}

/** The raw text of the source comes first: 1C knows its own currency by it. */
export function writeCurrency(
  scribe: Scribe,
  { currency, currencyRaw }: { currency?: string; currencyRaw?: string },
): void {
  scribe.exact('Валюта', currencyRaw ?? currency, /^.{3}$/su, 'three characters')
}

/** Nothing can refer to what has no id. */
function writeId(scribe: Scribe, id: string): boolean {
  if (scribe.id('Ид', id)) return true
  scribe.report('record_left_out', 'Ид', 'left out: it has no id')
  return false
}

const isForOffers = ({ appliesTo }: ExportProperty): boolean => appliesTo === 'offers'

const useFlags: Record<CommerceProperty['appliesTo'], string> = {
  goods: 'ДляТоваров',
  offers: 'ДляПредложений',
  documents: 'ДляДокументов',
}

const requiredWords = /^Для (?:каталога|документа|предложений)$/u

function writeProperty(scribe: Scribe, property: ExportProperty): void {
  scribe.about('property', property.id)
  scribe.within('Свойство', () => {
    if (!writeId(scribe, property.id)) return
    scribe.title('Наименование', property.name, property.id)
    writeMarks(scribe, property)
    if (!scribe.isStrict) {
      scribe.flag('Внешний', property.isExternal)
      scribe.flag('Информационное', property.isInformational)
    }
    scribe.text('Описание', property.description, commentMax)
    scribe.exact('Обязательное', property.required, requiredWords, 'a word of the schema')
    scribe.flag('Множественное', property.isMultiple)
    if (property.valueType) {
      scribe.xml.leaf('ТипЗначений', valueTypeWord(scribe, property.valueType))
    }
    writeVariants(scribe, property)
    scribe.flag(useFlags[property.appliesTo ?? 'goods'], true)
  })
}

const valueTypes: Record<CommerceProperty['valueType'], string> = {
  text: 'Строка',
  number: 'Число',
  time: 'Время',
  date: 'Дата',
  boolean: 'Булево',
  reference: 'Справочник',
}

/** 2.x has no word for dates and switches. Stock 1C writes «Время» for dates. */
const narrowedTypes: Partial<Record<CommerceProperty['valueType'], string>> = {
  date: 'Время',
  boolean: 'Строка',
}

function valueTypeWord(scribe: Scribe, type: CommerceProperty['valueType']): string {
  const narrowed = scribe.isStrict ? narrowedTypes[type] : undefined
  if (narrowed === undefined) return valueTypes[type]
  const message = `2.07 has no type ${valueTypes[type]}; ${narrowed} is written`
  scribe.report('type_narrowed', 'ТипЗначений', message)
  return narrowed
}

function writeVariants(scribe: Scribe, { variants = [] }: ExportProperty): void {
  scribe.within('ВариантыЗначений', () => {
    for (const variant of variants) {
      const value = scribe.fit('Значение', variant.value, valueMax)
      if (value === undefined) {
        const message = `the variant ${variant.id ?? ''} is left out: it has no value`
        scribe.report('value_left_out', 'ВариантыЗначений', message)
        continue
      }
      scribe.within('Справочник', () => {
        scribe.exact('ИдЗначения', variant.id, /^.{1,40}$/su, 'at most 40 characters')
        scribe.xml.leaf('Значение', value)
      })
    }
  })
}

function writeUnits(scribe: Scribe, units: readonly ExportUnit[] = []): void {
  scribe.within('ЕдиницыИзмерения', () => {
    for (const unit of units) {
      scribe.about('unit', unit.id)
      scribe.within('ЕдиницаИзмерения', () => {
        if (!writeId(scribe, unit.id)) return
        writeMarks(scribe, unit)
        scribe.text('НаименованиеКраткое', unit.shortName, nameMax)
        scribe.text('Код', unit.code, nameMax)
        scribe.text('НаименованиеПолное', unit.fullName, nameMax)
        scribe.text('МеждународноеСокращение', unit.international, nameMax)
      })
    }
  })
}
