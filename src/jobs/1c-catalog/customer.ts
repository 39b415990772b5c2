import { normaliseEmail, normalisePhone } from '../../core/phone.ts'
import { isAccount, isBik, isInn, isKpp, isOkpo, suggestInn } from '../../core/russian-ids.ts'
import type {
  CommerceCounterparty,
  CommerceCustomer,
} from '../../formats/commerceml/records-customer.ts'
import type { Statement } from '../../store/catalog/merge.ts'
import { addressText } from './dictionaries.ts'
import { deletedReason, put } from './product.ts'

/** Only buyers are customers; a file may hold suppliers as well. One without any role is taken for a buyer. */
export const isBuyer = ({ roles }: CommerceCounterparty): boolean =>
  roles.length === 0 || roles.some((role) => /покупатель/iu.test(role))

/** The id of 1C, else the tax number with the КПП that tells branches apart; undefined when there is neither. */
export const customerKey = ({ id, inn, kpp }: CommerceCounterparty): string | undefined =>
  id ?? (inn && ['inn', inn, kpp].filter(Boolean).join(':'))

const kinds = { legal: 'legal', proprietor: 'sole_proprietor', person: 'person' } as const

/** A `Контрагент` as the table keeps it. What is odd about it is written beside it and stops nothing. */
export function toCustomer(customer: CommerceCustomer, key: string): Statement<'customers'> {
  const emails = customer.contacts.filter(({ kind }) => kind === 'email')
  const phones = customer.contacts.filter(({ kind, value }) => kind === 'phone' && value)
  const phone = phones.find(({ value }) => normalisePhone(value ?? '')) ?? phones[0]
  const fullName = customer.officialName ?? customer.fullName
  const name = customer.name ?? fullName ?? key
  return {
    externalId: key,
    standing: customer.isDeleted ? { markedFor: deletedReason } : 'listed',
    values: {
      onec_id: customer.id ?? null,
      kind: kinds[customer.kind],
      name,
      full_name: fullName ?? null,
      tax_id: customer.inn ?? null,
      kpp: customer.kpp ?? null,
      okpo: customer.okpo ?? null,
      email: emails.flatMap(({ value }) => normaliseEmail(value ?? '') ?? [])[0] ?? null,
      phone: normalisePhone(phone?.value ?? '') ?? null,
      phone_raw: phone?.value ?? null,
      ...personNames(customer, fullName ?? name),
      legal_address: addressText(customer.legalAddress) ?? null,
      address: addressText(customer.address ?? customer.registrationAddress) ?? null,
      contacts: JSON.stringify(customer.contacts.map(withNormalised)),
      accounts: JSON.stringify(customer.accounts),
      details: JSON.stringify(customerDetails(customer)),
      findings: JSON.stringify(checkCustomer(customer)),
    },
  }
}

function personNames(customer: CommerceCustomer, fullName: string) {
  if (customer.kind === 'legal') return { last_name: null, first_name: null, middle_name: null }
  const [last, first, ...rest] = fullName
    .replace(/^ИП\s+/u, '')
    .split(/\s+/)
    .filter(Boolean)
  // A name with digits or commas holds an address or a phone and cannot be taken apart.
  const isPlain = !/[\d,:]/.test(fullName)
  return {
    last_name: customer.lastName ?? (isPlain && first ? (last ?? null) : null),
    first_name: customer.firstName ?? (isPlain ? (first ?? null) : null),
    middle_name: customer.middleName ?? (isPlain ? rest.join(' ') || null : null),
  }
}

function withNormalised(contact: CommerceCounterparty['contacts'][number]) {
  const value = contact.value ?? ''
  const normalised =
    contact.kind === 'phone' || contact.kind === 'fax'
      ? normalisePhone(value)
      : contact.kind === 'email'
        ? normaliseEmail(value)
        : undefined
  return { ...contact, normalised }
}

function customerDetails(customer: CommerceCustomer): Record<string, unknown> {
  const details: Record<string, unknown> = {}
  put(details, 'roles', customer.roles)
  put(details, 'officialName', customer.officialName)
  put(details, 'fullName', customer.fullName)
  put(details, 'addressFields', customer.address?.fields)
  put(details, 'registrationAddress', customer.registrationAddress)
  put(details, 'legalAddress', customer.legalAddress)
  put(details, 'representatives', customer.representatives)
  put(details, 'salutation', customer.salutation)
  put(details, 'birthDate', customer.birthDateIso ?? customer.birthDate)
  put(details, 'gender', customer.gender)
  put(details, 'position', customer.position)
  put(details, 'comment', customer.comment)
  return details
}

/** What is odd about the numbers of a customer, as sentences. Foreign numbers turn up, so none of it is an error. */
export function checkCustomer(customer: CommerceCounterparty): string[] {
  const { inn, kpp, okpo } = customer
  const odd: string[] = []
  if (inn !== undefined && !isInn(inn)) {
    const better = suggestInn(inn)
    odd.push(
      better
        ? `ИНН ${inn} lacks a leading zero: ${better} would be right`
        : `ИНН ${inn} is not 10 or 12 digits with right check digits`,
    )
  }
  if (kpp !== undefined && !isKpp(kpp)) odd.push(`КПП ${kpp} does not have the form NNNNPPXXX`)
  if (kpp !== undefined && customer.kind !== 'legal') odd.push(`КПП ${kpp} on a person`)
  if (okpo !== undefined && !isOkpo(okpo)) {
    odd.push(`ОКПО ${okpo} is not 8, 10 or 14 digits with the right check digit`)
  }
  for (const { number, bik } of customer.accounts) {
    if (bik !== undefined && !isBik(bik)) odd.push(`БИК ${bik} is not nine digits`)
    else if (number && bik && !isAccount(number, bik)) {
      odd.push(`account ${number} does not fit the bank ${bik}`)
    }
  }
  for (const { kind, value } of customer.contacts) {
    if (kind === 'phone' && value && !normalisePhone(value))
      odd.push(`phone ${value} cannot be told`)
    if (kind === 'email' && value && !normaliseEmail(value))
      odd.push(`e-mail ${value} is no address`)
  }
  return odd
}
