/** Telephone numbers of the whole world as E.164, by the numbering plans of libphonenumber. */
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max'

export type Phone = {
  /** `+`, country code, national number. */
  e164: string
  /** Without the plus, such as `86`. */
  callingCode: string
  /** Without the country code. */
  national: string
  /** Two capital letters, where the plan tells. */
  country?: string
  /** Such as `MOBILE`, where the plan tells. */
  type?: string
  mayReceiveSms: boolean
}

/** Whether two capital letters are a country that the numbering plans know. */
export const isCountry = (text: string): boolean => isSupportedCountry(text)

/** Undefined for what is not a valid number. `country` is that of numbers written without a plus. */
export function readPhone(raw: string, country?: string): Phone | undefined {
  const known = country !== undefined && isSupportedCountry(country) ? country : undefined
  const found = parsePhoneNumberFromString(raw, known)
  if (!found?.isValid()) return undefined
  const type = found.getType()
  return {
    e164: found.number,
    callingCode: found.countryCallingCode,
    national: found.nationalNumber,
    country: found.country,
    type,
    mayReceiveSms: type !== 'FIXED_LINE',
  }
}
