/** SMS.ru's calls in its own words: forms by POST, JSON back. https://sms.ru/api */
import type { Http } from '../../core/http.ts'
import type { SmsRuConfig } from './config.ts'
import { TheirBalance, TheirSent, TheirStatuses } from './schema.ts'

/** Numbers in one request. */
export const maxNumbers = 100

/** One text to several numbers, digits only. https://sms.ru/api/send */
export async function send(
  http: Http,
  config: SmsRuConfig,
  { to, msg }: { to: readonly string[]; msg: string },
): Promise<TheirSent> {
  const fields = {
    to: to.join(','),
    msg,
    ...(config.from ? { from: config.from } : {}),
    ...(config.test ? { test: '1' } : {}),
  }
  return TheirSent.parse(await post(http, config, '/sms/send', fields))
}

/** https://sms.ru/api/status */
export async function queryStatus(
  http: Http,
  config: SmsRuConfig,
  smsId: string,
): Promise<TheirStatuses> {
  return TheirStatuses.parse(await post(http, config, '/sms/status', { sms_id: smsId }))
}

/** Proves the api_id. https://sms.ru/api/auth_check */
export async function checkAuth(http: Http, config: SmsRuConfig): Promise<void> {
  await post(http, config, '/auth/check')
}

/** In roubles. https://sms.ru/api/balance */
export async function queryBalance(http: Http, config: SmsRuConfig): Promise<string> {
  return TheirBalance.parse(await post(http, config, '/my/balance')).balance
}

const post = (
  http: Http,
  config: SmsRuConfig,
  url: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<unknown> =>
  http.json({
    method: 'POST',
    url,
    form: { api_id: config.api_id.reveal(), json: '1', ...fields },
  })
