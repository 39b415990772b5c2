/** SMSC.ru's calls in its own words: forms by POST, UTF-8 both ways, JSON back. https://smsc.ru/api/http/ */
import { z } from 'zod'
import type { Http } from '../../core/http.ts'
import { credentialsOf, type SmscConfig } from './config.ts'
import { TheirBalance, TheirSent, TheirStatus } from './schema.ts'

export type NewMessage = {
  /** With plus: taken literally. Without, the service would correct it. */
  phones: readonly string[]
  mes: string
  /** Names the message: 1 to 2147483647. */
  id: number
}

/** https://smsc.ru/api/http/send/sms/ */
export async function send(
  http: Http,
  config: SmscConfig,
  { phones, mes, id }: NewMessage,
): Promise<TheirSent> {
  const fields = {
    phones: phones.join(','),
    mes,
    id: String(id),
    op: '1', // a row for each number
    ...(config.sender ? { sender: config.sender } : {}),
  }
  return TheirSent.parse(await post(http, config, 'send', fields))
}

/** One row for each number; the commas at the end ask for a list, also of one. https://smsc.ru/api/http/status_messages/check_status/ */
export async function queryStatus(
  http: Http,
  config: SmscConfig,
  { phones, id }: { phones: readonly string[]; id: string },
): Promise<TheirStatus[]> {
  const fields = { phone: phones.map(endOfList).join(''), id: phones.map(() => `${id},`).join('') }
  return z.array(TheirStatus).parse(await post(http, config, 'status', fields))
}

/** https://smsc.ru/api/http/balance/ */
export async function queryBalance(http: Http, config: SmscConfig): Promise<string> {
  const { balance, currency = '' } = TheirBalance.parse(
    await post(http, config, 'balance', { cur: '1' }),
  )
  return `${balance} ${currency}`.trim()
}

const endOfList = (phone: string): string => `${phone},`

const post = (
  http: Http,
  config: SmscConfig,
  script: 'send' | 'status' | 'balance',
  fields: Readonly<Record<string, string>>,
): Promise<unknown> =>
  http.json({
    method: 'POST',
    url: `/sys/${script}.php`,
    form: { ...credentialsOf(config), fmt: '3', charset: 'utf-8', ...fields },
  })
