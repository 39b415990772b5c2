import type { CommerceUnitUse } from './records.ts'
import type { ExportUnit } from './write-model.ts'
import { nameMax } from './write-party.ts'
import type { Scribe } from './write-scribe.ts'

type UnitUse = Partial<CommerceUnitUse>

/** Units of the classifier by id, code and short name. */
export type UnitBook = ReadonlyMap<string, ExportUnit>

export function makeUnitBook(units: readonly ExportUnit[] = []): UnitBook {
  const book = new Map<string, ExportUnit>()
  const keys = ['id', 'code', 'shortName'] as const
  for (const key of keys) {
    for (const unit of units) {
      const word = unit[key]?.trim()
      if (word && !book.has(word)) book.set(word, unit)
    }
  }
  return book
}

/** БазоваяЕдиница: spelt out in 2.07, where the schema wants the element even when no unit is known; an id in 3.1. */
export function writeBaseUnit(scribe: Scribe, use: UnitUse | undefined, book: UnitBook): void {
  if (scribe.isStrict) return spellUnit(scribe, complete(use ?? {}, book))
  scribe.text('БазоваяЕдиница', unitId(use ?? {}, book), nameMax)
}

/** The id by which 3.1 names a unit. */
export function unitId(use: UnitUse, book: UnitBook): string | undefined {
  const words = [use.id, use.code, use.shortName].filter((word) => word?.trim())
  const known = words.map((word) => book.get(word?.trim() ?? '')).find(Boolean)
  return known?.id ?? words[0]
}

/** ЕдиницаТип. */
export const unitCode = /^.{3,4}$/su
export const unitCodeWords = '3 or 4 characters'

function spellUnit(scribe: Scribe, unit: UnitUse): void {
  const conversions = (unit.conversions ?? []).flatMap(({ unit: other, ratio }) => {
    const code = scribe.fitExact('Единица', other, unitCode, unitCodeWords)
    const text = scribe.fit('Коэффициент', ratio, nameMax)
    return code && text ? [{ code, text }] : []
  })
  const shortName = scribe.fit('НаименованиеКраткое', unit.shortName ?? unit.id, nameMax)
  const attributes = {
    Код: scribe.fitExact('Код', unit.code, unitCode, unitCodeWords),
    НаименованиеПолное: scribe.fit('НаименованиеПолное', unit.fullName, nameMax),
    МеждународноеСокращение: scribe.fitExact(
      'МеждународноеСокращение',
      unit.international,
      /^.{1,3}$/su,
      'at most 3 characters',
    ),
  }
  if (conversions.length === 0) {
    return scribe.xml.leaf('БазоваяЕдиница', shortName ?? '', attributes)
  }
  const writeConversions = (): void => {
    for (const { code, text } of conversions) {
      scribe.within('Пересчет', () => {
        scribe.xml.leaf('Единица', code)
        scribe.xml.leaf('Коэффициент', text)
      })
    }
  }
  // Beside children the short name is an attribute: a text between them would carry their indentation.
  const all = { ...attributes, НаименованиеКраткое: shortName }
  scribe.within('БазоваяЕдиница', writeConversions, all)
}

/** A unit that is given by its id alone is looked up. */
function complete(use: UnitUse, book: UnitBook): UnitUse {
  if (use.code ?? use.shortName ?? use.fullName) return use
  const known = book.get(use.id?.trim() ?? '')
  return known ? { ...known, conversions: use.conversions } : use
}
