/** What an SMSC.ru service needs to know. */
import { z } from 'zod'
import { secret } from '../../core/secret.ts'
import { bareSecret, bareText, isBare, surrounded } from '../../core/secret-form.ts'
import { serviceUrl } from '../../core/service-url.ts'
import { TextTemplates } from '../../core/sms/templates.ts'

export const SmscConfig = z.object({
  base_url: serviceUrl().default('https://smsc.ru').meta({
    description:
      'Address of the service; www2.smsc.ru is its backup, smsc.kz a sister with own accounts',
    example: 'https://smsc.ru',
  }),
  login: bareText().min(1).optional().meta({ description: 'Login; with password, or api_key' }),
  password: secret('Password of the login, or its MD5 in lower case').optional(),
  api_key: bareSecret('API key; instead of login and password').optional(),
  sender: bareText().min(1).max(15).optional().meta({
    description: 'Approved sender name; left out: the one of the account',
    example: 'Example',
  }),
  callback_secret: bareSecret('Secret that signs the receipts; receipts need it').optional(),
  callback_charset: z.enum(['windows-1251', 'utf-8']).default('windows-1251').meta({
    description: 'Charset of receipts, as the handler is set up at the vendor',
  }),
  templates: TextTemplates,
})
export type SmscConfig = z.output<typeof SmscConfig>

export function checkConfig({ login, password, api_key }: SmscConfig) {
  const faults: [string, boolean, string][] = [
    ['login', !login && !password && !api_key, 'is needed with password, or api_key alone'],
    ['password', Boolean(login) && !password && !api_key, 'is needed with login'],
    ['login', Boolean(password) && !login && !api_key, 'is needed with password'],
  ]
  return faults.filter(([, isWrong]) => isWrong).map(([field, , message]) => ({ field, message }))
}

export function warnConfig({ login, password, api_key }: SmscConfig) {
  // A person chose the password, so a blank around it may be meant.
  const warnings =
    password && !isBare(password.reveal()) ? [{ field: 'password', message: surrounded }] : []
  if (!api_key || (!login && !password)) return warnings
  return [...warnings, { field: 'api_key', message: 'is used alone; login and password are not' }]
}

/** What proves who we are. It stands in the body, never in an address. */
export function credentialsOf({ login, password, api_key }: SmscConfig): Record<string, string> {
  if (api_key) return { apikey: api_key.reveal() }
  return { login: login ?? '', psw: password?.reveal() ?? '' }
}
