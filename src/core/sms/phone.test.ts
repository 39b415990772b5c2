import { expect, it } from 'vitest'
import { vectors } from '../../testing/vectors.ts'
import { SmsMessage } from '../kinds/sms.ts'
import { digitsOf, nationalInChina, readNationalInChina } from './phone-forms.ts'
import { readPhone } from './phone.ts'

type Given = { raw: string; defaultCountry: string | null }
type Wanted = {
  valid: boolean
  e164?: string
  type?: string
  providerForms?: Record<string, string>
}

const same = (e164: string) => e164
const forms: Record<string, (e164: string) => string> = {
  tencent: same,
  aliyun: nationalInChina,
  twilio: same,
  smsc: same,
  smsru: digitsOf,
}

it.each(vectors<Given, Wanted>('messaging/phone-numbers'))(
  '$id: $description',
  ({ input, expect: wanted }) => {
    const { valid, providerForms, ...rest } = wanted

    const phone = readPhone(input.raw, input.defaultCountry ?? undefined)

    expect(phone !== undefined).toBe(valid)
    if (!phone) return
    expect(phone).toMatchObject(rest)
    const written = Object.keys(providerForms ?? {}).map((name) => [
      name,
      forms[name]?.(phone.e164),
    ])
    expect(Object.fromEntries(written)).toEqual(providerForms)
  },
)

it.each([
  ['0018618501234444', 'CN', undefined],
  ['+860185 0123 4444', undefined, '+8618501234444'],
  ['0086 185 0123 4444', 'CN', '+8618501234444'],
  ['8 (916) 123-45-67', 'RU', '+79161234567'],
  ['8 701 234 56 78', 'KZ', '+77012345678'],
  ['6123 4567', 'HK', '+85261234567'],
])('%s in %s is %s', (raw, country, e164) => {
  expect(readPhone(raw, country)?.e164).toBe(e164)
})

it('a landline, a number without a country and one that is none are named, all at once', () => {
  const checked = SmsMessage.safeParse({ to: ['+861062783888', '18501234444', '+8612'], text: 'x' })

  expect(checked.error?.issues.map(({ message }) => message)).toEqual([
    '+861062783888 is a landline: it takes no texts',
    '18501234444 has no country: write it with a plus, or give country',
    '+8612 is not a telephone number',
  ])
})

it.each(['+8618501234444', '+79161234567', '+85261234567'])(
  '%s comes back from a receipt',
  (e164) => {
    expect(readNationalInChina(nationalInChina(e164))).toBe(e164)
  },
)
