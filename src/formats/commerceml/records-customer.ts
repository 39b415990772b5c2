import type { CommerceAddress, CommerceContact } from './records.ts'

/** Контрагент without its place in the file: below Контрагенты, or as a party of a document. */
export type CommerceCounterparty = {
  id?: string
  name?: string
  fullName?: string
  /** ОфициальноеНаименование: its mere presence makes a legal entity. */
  officialName?: string
  /** КПП, a tax number of 10 digits or an official name: legal; 12 digits and a name with `ИП `: proprietor. */
  kind: 'legal' | 'proprietor' | 'person'
  /** Роль, verbatim; 3.1 repeats it. */
  roles: string[]
  inn?: string
  kpp?: string
  /** ОКПО, КодПоОКПО or ЕГРПО. */
  okpo?: string
  salutation?: string
  lastName?: string
  firstName?: string
  middleName?: string
  birthDate?: string
  birthDateIso?: string
  gender?: string
  position?: string
  comment?: string
  address?: CommerceAddress
  registrationAddress?: CommerceAddress
  legalAddress?: CommerceAddress
  contacts: CommerceContact[]
  representatives: { relation?: string; id?: string; name?: string }[]
  accounts: CommerceAccount[]
  isDeleted: boolean
  version?: string
}

export type CommerceAccount = {
  number?: string
  bankName?: string
  bik?: string
  swift?: string
  correspondentAccount?: string
  bankAddress?: string
}

export type CommerceCustomer = CommerceCounterparty & { type: 'customer'; offset: number }
