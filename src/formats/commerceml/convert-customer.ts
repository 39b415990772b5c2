import { isMarkedDeleted, textsOf, toAddress, toContacts } from './convert-parts.ts'
import type { CommerceAccount, CommerceCounterparty } from './records-customer.ts'
import { idIn, isoOfNode, textIn } from './values.ts'
import type { Reading } from './values.ts'
import { child, childrenOf } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'

/** Контрагент, wherever it stands. */
export function toCounterparty(node: XmlNode, reading: Reading): CommerceCounterparty {
  const name = textIn(node, 'Наименование', reading)
  const fullName = textIn(node, 'ПолноеНаименование', reading)
  const officialName = textIn(node, 'ОфициальноеНаименование', reading)
  const inn = textIn(node, 'ИНН', reading)
  const kpp = textIn(node, 'КПП', reading)
  return {
    id: idIn(node, 'Ид', reading),
    name,
    fullName,
    officialName,
    kind: kindOf({ inn, kpp, officialName, names: [name, fullName] }),
    roles: textsOf(node, 'Роль', reading),
    inn,
    kpp,
    okpo:
      textIn(node, 'ОКПО', reading) ??
      textIn(node, 'КодПоОКПО', reading) ??
      textIn(node, 'ЕГРПО', reading),
    salutation: textIn(node, 'Обращение', reading),
    lastName: textIn(node, 'Фамилия', reading),
    firstName: textIn(node, 'Имя', reading),
    middleName: textIn(node, 'Отчество', reading),
    birthDate: textIn(node, 'ДатаРождения', reading),
    birthDateIso: isoOfNode(child(node, 'ДатаРождения'), reading),
    gender: textIn(node, 'Пол', reading),
    position: textIn(node, 'Должность', reading),
    comment: textIn(node, 'Комментарий', reading),
    address: toAddress(child(node, 'Адрес'), reading),
    registrationAddress: toAddress(child(node, 'АдресРегистрации'), reading),
    legalAddress: toAddress(child(node, 'ЮридическийАдрес'), reading),
    contacts: toContacts(child(node, 'Контакты'), reading),
    representatives: childrenOf(child(node, 'Представители'), 'Представитель').map((one) =>
      toRepresentative(one, reading),
    ),
    accounts: childrenOf(child(node, 'РасчетныеСчета'), 'РасчетныйСчет').map((one) =>
      toAccount(one, reading),
    ),
    isDeleted: isMarkedDeleted(node, reading),
    version: textIn(node, 'НомерВерсии', reading),
  }
}

type Marks = {
  inn: string | undefined
  kpp: string | undefined
  officialName: string | undefined
  names: (string | undefined)[]
}

function kindOf({ inn, kpp, officialName, names }: Marks): CommerceCounterparty['kind'] {
  if (officialName !== undefined || kpp !== undefined || inn?.length === 10) return 'legal'
  const isNamedProprietor = names.some((name) => name !== undefined && /^ИП\s/.test(name))
  return inn?.length === 12 && isNamedProprietor ? 'proprietor' : 'person'
}

/** In 2.03 the representative is wrapped in another Контрагент. */
function toRepresentative(node: XmlNode, reading: Reading) {
  const inner = child(node, 'Контрагент') ?? node
  return {
    relation: textIn(node, 'Отношение', reading) ?? textIn(inner, 'Отношение', reading),
    id: idIn(inner, 'Ид', reading),
    name: textIn(inner, 'Наименование', reading),
  }
}

function toAccount(node: XmlNode, reading: Reading): CommerceAccount {
  const bank = child(node, 'Банк')
  const inBank = (name: string) => bank && textIn(bank, name, reading)
  return {
    number: textIn(node, 'НомерСчета', reading),
    bankName: inBank('Наименование'),
    bik: inBank('БИК'),
    swift: inBank('SWIFT'),
    correspondentAccount: inBank('СчетКорреспондентский'),
    bankAddress: toAddress(child(bank, 'Адрес'), reading)?.text,
  }
}
