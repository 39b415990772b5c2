/** Контрагент, addresses and contacts: what owners, manufacturers, warehouses and customers share. */
import { hasText } from '../xml-writer.ts'
import type { CommerceAddress, CommerceContact, CommerceTax } from './records.ts'
import type { ExportParty } from './write-model.ts'
import type { Scribe } from './write-scribe.ts'

/** НаименованиеТип and СтрокаТип. */
export const nameMax = 255
/** КомментарийТип. */
export const commentMax = 3000

/** A party known by its name. The schema wants its official name too; stock 1C leaves that out. */
export function writeParty(scribe: Scribe, element: string, party: ExportParty | undefined): void {
  const name = firstText(party?.name, party?.officialName)
  if (!party || name === undefined) return
  scribe.within(element, () => {
    scribe.id('Ид', party.id)
    scribe.text('Наименование', name, nameMax)
    scribe.text('ОфициальноеНаименование', firstText(party.officialName, name), nameMax)
    writeTaxNumbers(scribe, party)
    if (scribe.isStrict) scribe.text('ОКПО', party.okpo, nameMax)
    else scribe.text('КодПоОКПО', party.okpo, nameMax)
  })
}

/** The first text that holds anything one could write. */
export const firstText = (...texts: readonly (string | undefined)[]): string | undefined =>
  texts.find(hasText)

export function writeTaxNumbers(scribe: Scribe, party: { inn?: string; kpp?: string }): void {
  scribe.exact('ИНН', party.inn, /^.{10,12}$/su, '10 to 12 characters')
  scribe.exact('КПП', party.kpp, /^.{9}$/su, '9 characters')
}

/** Адрес may have ten fields. */
const fieldsMax = 10

/** The one line of the address is required; without it the fields are joined. */
export function writeAddress(
  scribe: Scribe,
  element: string,
  address: CommerceAddress | undefined,
): void {
  if (!address) return
  const fields = address.fields.flatMap(({ type, value }) => {
    const text = scribe.fit('Значение', value, nameMax)
    return text === undefined ? [] : [{ type, text }]
  })
  const line = firstText(address.text) ?? fields.map(({ text }) => text).join(', ')
  const known = fields.flatMap(({ type, text }) => {
    const word = scribe.fitExact('Тип', type, addressFields, 'one of the ten kinds of the schema')
    return word === undefined ? [] : [{ word, text }]
  })
  const kept = scribe.isStrict ? known.slice(0, fieldsMax) : known
  if (kept.length < known.length) {
    const message = `${known.length - kept.length} fields of the address are left out: ten may be`
    scribe.report('value_left_out', 'АдресноеПоле', message)
  }
  scribe.within(element, () => {
    if (!scribe.text('Представление', line, nameMax)) return
    scribe.text('Комментарий', address.comment, commentMax)
    for (const { word, text } of kept) {
      scribe.within('АдресноеПоле', () => {
        scribe.xml.leaf('Тип', word)
        scribe.xml.leaf('Значение', text)
      })
    }
  })
}

export function writeContacts(
  scribe: Scribe,
  contacts: readonly CommerceContact[] | undefined,
): void {
  scribe.within('Контакты', () => {
    for (const contact of contacts ?? []) {
      const value = scribe.fit('Значение', contact.value, nameMax)
      if (value === undefined) continue
      scribe.within('Контакт', () => {
        scribe.xml.leaf('Тип', contactType(contact))
        scribe.xml.leaf('Значение', value)
        scribe.text('Комментарий', contact.comment, commentMax)
      })
    }
  })
}

export function writeTaxKinds(scribe: Scribe, taxes: readonly CommerceTax[] | undefined): void {
  for (const tax of taxes ?? []) {
    scribe.within('Налог', () => {
      if (!scribe.text('Наименование', tax.name, nameMax)) return
      scribe.flag('УчтеноВСумме', tax.isIncluded)
      scribe.flag('Акциз', tax.isExcise)
    })
  }
}

const addressFields =
  /^(?:Почтовый индекс|Страна|Регион|Район|Населенный пункт|Город|Улица|Дом|Корпус|Квартира)$/u

const contactTypes =
  /^(?:Телефон (?:внутренний|рабочий|мобильный|домашний)|Пейджер|Факс|Почта|ICQ|ВебСайт|Координаты на карте|Прочее)$/u

/** 1C reads e-mail only from «Почта» and a phone only from «Телефон рабочий», so these are the defaults. */
const typeOfKind: Record<CommerceContact['kind'], string> = {
  phone: 'Телефон рабочий',
  email: 'Почта',
  postal: 'Почта',
  fax: 'Факс',
  web: 'ВебСайт',
  other: 'Прочее',
}

function contactType({ type, kind }: CommerceContact): string {
  const given = type?.trim() ?? ''
  return contactTypes.test(given) ? given : typeOfKind[kind]
}
