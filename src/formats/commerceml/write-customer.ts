import { writeMarks } from './write-groups.ts'
import type { ExportCustomer } from './write-model.ts'
import {
  commentMax,
  firstText,
  nameMax,
  writeAddress,
  writeContacts,
  writeTaxNumbers,
} from './write-party.ts'
import type { Scribe } from './write-scribe.ts'

/** Writes Контрагент, or tells why not and returns false. */
export function writeCustomer(scribe: Scribe, customer: ExportCustomer): boolean {
  scribe.about('customer', customer.id)
  const name = nameOf(customer)
  const reason = reasonToLeaveOut(scribe, customer, name)
  if (reason !== undefined) {
    scribe.report('record_left_out', 'Контрагент', `left out: ${reason}`)
    return false
  }
  scribe.within('Контрагент', () => {
    scribe.id('Ид', customer.id)
    if (scribe.isStrict) writeByXsd(scribe, customer, name)
    else writeSplit(scribe, customer, name)
  })
  return true
}

function nameOf({ name, fullName, officialName, ...person }: ExportCustomer): string {
  const parts = [person.lastName, person.firstName, person.middleName].filter((part) =>
    part?.trim(),
  )
  return firstText(name, fullName, officialName, parts.join(' ')) ?? ''
}

function reasonToLeaveOut(
  scribe: Scribe,
  customer: ExportCustomer,
  name: string,
): string | undefined {
  if (name === '') return 'it has no name'
  if (scribe.isStrict && customer.isDeleted) {
    return 'it is marked as deleted, which 2.07 cannot say'
  }
  return undefined
}

/** The order of Контрагент in the 2.08 schema, Роль behind it as in documents. */
function writeByXsd(scribe: Scribe, customer: ExportCustomer, name: string): void {
  scribe.text('Наименование', firstText(customer.name) ?? name, nameMax)
  if (customer.kind === 'legal') {
    scribe.text('ОфициальноеНаименование', officialNameOf(customer, name), nameMax)
    // The legal group has one address.
    writeAddress(scribe, 'ЮридическийАдрес', customer.legalAddress ?? customer.registrationAddress)
    writeNumbers(scribe, customer)
    scribe.text('ОКПО', customer.okpo, nameMax)
    writeAccounts(scribe, customer)
  } else {
    writePersonNames(scribe, customer, name)
    writeNumbers(scribe, customer)
    writeAddress(scribe, 'АдресРегистрации', customer.registrationAddress ?? customer.legalAddress)
    scribe.text('Должность', customer.position, nameMax)
    reportUnsaid(scribe, customer)
  }
  scribe.text('Комментарий', customer.comment, commentMax)
  writeAddress(scribe, 'Адрес', customer.address)
  writeContacts(scribe, customer.contacts)
  writeRepresentatives(scribe, customer)
  writeOneRole(scribe, customer)
}

/** The order that the 3.1 exchange of the 1С-Битрикс module has. */
function writeSplit(scribe: Scribe, customer: ExportCustomer, name: string): void {
  writeMarks(scribe, customer)
  scribe.text('Наименование', firstText(customer.name) ?? name, nameMax)
  const isLegal = customer.kind === 'legal'
  if (isLegal) {
    scribe.text('ОфициальноеНаименование', officialNameOf(customer, name), nameMax)
  } else {
    writePersonNames(scribe, customer, name)
  }
  for (const role of rolesOf(customer)) scribe.text('Роль', role, nameMax)
  writeNumbers(scribe, customer)
  scribe.text('КодПоОКПО', customer.okpo, nameMax)
  writeAccounts(scribe, customer)
  writeRepresentatives(scribe, customer)
  scribe.text('Должность', customer.position, nameMax)
  scribe.text('Комментарий', customer.comment, commentMax)
  writeAddress(scribe, 'Адрес', customer.address)
  writeAddress(scribe, 'АдресРегистрации', customer.registrationAddress)
  writeAddress(scribe, 'ЮридическийАдрес', customer.legalAddress)
  writeContacts(scribe, customer.contacts)
}

const officialNameOf = ({ officialName, fullName }: ExportCustomer, name: string): string =>
  firstText(officialName, fullName) ?? name

function writePersonNames(scribe: Scribe, customer: ExportCustomer, name: string): void {
  const full = firstText(customer.fullName) ?? name
  // Readers know a sole proprietor by these two letters and nothing else.
  const isSaid = customer.kind === 'person' || [full, customer.name].some(isProprietorName)
  scribe.text('ПолноеНаименование', isSaid ? full : `ИП ${full}`, nameMax)
  scribe.text('Обращение', customer.salutation, nameMax)
  scribe.text('Фамилия', customer.lastName, nameMax)
  scribe.text('Имя', customer.firstName, nameMax)
  scribe.text('Отчество', customer.middleName, nameMax)
  const birthDate = customer.birthDateIso ?? customer.birthDate
  scribe.exact('ДатаРождения', birthDate, { test: isDay }, 'a day such as 1980-12-31')
  scribe.exact('Пол', customer.gender, /^[МЖ]$/u, 'М or Ж')
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(`${text}T`)
}

const isProprietorName = (name: string | undefined): boolean => /^\s*ИП\s/u.test(name ?? '')

/** Only organisations have a КПП; beside one a person would be read as an organisation. */
function writeNumbers(scribe: Scribe, { kind, inn, kpp }: ExportCustomer): void {
  writeTaxNumbers(scribe, { inn, kpp: kind === 'legal' ? kpp : undefined })
  if (kind !== 'legal' && kpp?.trim()) {
    scribe.report('value_left_out', 'КПП', `КПП ${kpp} is left out: only organisations have one`)
  }
}

function reportUnsaid(scribe: Scribe, { okpo, accounts = [] }: ExportCustomer): void {
  const reason = 'left out: 2.07 has it for organisations alone'
  if (okpo?.trim()) scribe.report('value_left_out', 'ОКПО', `ОКПО ${okpo} is ${reason}`)
  for (const { number = '' } of accounts) {
    scribe.report('value_left_out', 'РасчетныйСчет', `the account ${number} is ${reason}`)
  }
}

const accountNumber = /^[0-9]{5}[0-9ABCEHKMPTX][0-9]{14}$/u

function writeAccounts(scribe: Scribe, { accounts = [] }: ExportCustomer): void {
  scribe.within('РасчетныеСчета', () => {
    for (const account of accounts) {
      const number = scribe.fitExact(
        'НомерСчета',
        account.number,
        accountNumber,
        '20 characters of an account',
      )
      const bic = scribe.fitExact('БИК', account.bik, /^.{9}$/su, '9 characters')
      const swift = scribe.fit('SWIFT', account.swift, Infinity)
      const correspondent = scribe.fitExact(
        'СчетКорреспондентский',
        account.correspondentAccount,
        accountNumber,
        '20 characters of an account',
      )
      if (number === undefined || (scribe.isStrict && !bic && !swift)) {
        const message = `the account ${account.number ?? ''} is left out: it has no usable number or bank`
        scribe.report('value_left_out', 'РасчетныйСчет', message)
        continue
      }
      scribe.within('РасчетныйСчет', () => {
        scribe.xml.leaf('НомерСчета', number)
        scribe.within('Банк', () => {
          if (correspondent) scribe.xml.leaf('СчетКорреспондентский', correspondent)
          scribe.text('Наименование', account.bankName, nameMax)
          const address = account.bankAddress
          writeAddress(
            scribe,
            'Адрес',
            address === undefined ? undefined : { text: address, fields: [] },
          )
          if (bic) scribe.xml.leaf('БИК', bic)
          else if (swift) scribe.xml.leaf('SWIFT', swift)
        })
      })
    }
  })
}

/** The schema wants the full name of a representative; stock files leave it out. */
function writeRepresentatives(scribe: Scribe, { representatives = [] }: ExportCustomer): void {
  scribe.within('Представители', () => {
    for (const { relation, id, name } of representatives) {
      const known = scribe.fit('Наименование', name, nameMax)
      const role = scribe.fit('Отношение', firstText(relation) ?? 'Контактное лицо', nameMax) ?? ''
      if (known === undefined) continue
      scribe.within('Представитель', () => {
        if (!scribe.isStrict) scribe.xml.leaf('Отношение', role)
        scribe.id('Ид', id)
        scribe.xml.leaf('Наименование', known)
        if (!scribe.isStrict) return
        scribe.xml.leaf('ПолноеНаименование', known)
        scribe.xml.leaf('Отношение', role)
      })
    }
  })
}

const rolesOf = ({ roles }: ExportCustomer): readonly string[] =>
  roles && roles.length > 0 ? roles : ['Покупатель']

const schemaRoles =
  /^(?:Продавец|Покупатель|Плательщик|Получатель|Комитент|Комиссионер|Лицензиар|Лицензиат)$/u

/** 2.07 has one role; importers look for the buyer. */
function writeOneRole(scribe: Scribe, customer: ExportCustomer): void {
  const roles = rolesOf(customer)
  const first =
    roles.find((role) => role === 'Покупатель') ?? roles.find((role) => schemaRoles.test(role))
  scribe.exact('Роль', first ?? roles[0], schemaRoles, 'a role of the schema')
  for (const role of roles) {
    if (role === (first ?? roles[0])) continue
    scribe.report(
      'value_left_out',
      'Роль',
      `the role ${role} is left out: 2.07 has one for each party`,
    )
  }
}
