/** Twilio's calls in its own words. */
import type { Http } from '../../core/http.ts'
import type { TwilioConfig } from './config.ts'
import { TheirAccount, TheirMessage } from './schema.ts'

/** One message to one number. Either `from` or `messagingServiceSid`; either `body` or `contentSid`. */
export type NewMessage = {
  to: string
  from?: string
  messagingServiceSid?: string
  body?: string
  contentSid?: string
  /** JSON text, by position ("1", "2") or by name. */
  contentVariables?: string
  mediaUrl?: readonly string[]
  statusCallback?: string
  /** Seconds. */
  validityPeriod?: number
  smartEncoded?: boolean
  scheduleType?: 'fixed'
  /** An instant; needs a Messaging Service. */
  sendAt?: string
}

/** https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource */
export async function createMessage(
  http: Http,
  config: Pick<TwilioConfig, 'account_sid'>,
  message: NewMessage,
): Promise<TheirMessage> {
  const { sendAt, mediaUrl = [], validityPeriod, smartEncoded } = message
  const fields: [string, string | undefined][] = [
    ['To', message.to],
    ['StatusCallback', message.statusCallback],
    ['ValidityPeriod', validityPeriod?.toString()],
    ['SmartEncoded', smartEncoded?.toString()],
    ['ScheduleType', message.scheduleType],
    ['SendAt', sendAt && `${new Date(sendAt).toISOString().slice(0, 19)}Z`],
    ['From', message.from],
    ['MessagingServiceSid', message.messagingServiceSid],
    ['Body', message.body],
    ['ContentSid', message.contentSid],
    ['ContentVariables', message.contentVariables],
    ...mediaUrl.map((url): [string, string] => ['MediaUrl', url]),
  ]
  const form = new URLSearchParams(fields.filter((pair): pair is [string, string] => !!pair[1]))
  const answer = await http.json({
    method: 'POST',
    url: `${accountPath(config)}/Messages.json`,
    body: {
      type: 'application/x-www-form-urlencoded',
      bytes: new TextEncoder().encode(form.toString()),
    },
  })
  return TheirMessage.parse(answer)
}

/** https://www.twilio.com/docs/messaging/api/message-resource#fetch-a-message-resource */
export async function fetchMessage(
  http: Http,
  config: TwilioConfig,
  sid: string,
): Promise<TheirMessage> {
  const url = `${accountPath(config)}/Messages/${encodeURIComponent(sid)}.json`
  return TheirMessage.parse(await http.json({ method: 'GET', url }))
}

/** https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource */
export async function fetchAccount(
  http: Http,
  config: Pick<TwilioConfig, 'account_sid'>,
): Promise<TheirAccount> {
  const url = `${accountPath(config)}.json`
  return TheirAccount.parse(await http.json({ method: 'GET', url }))
}

const accountPath = ({ account_sid }: Pick<TwilioConfig, 'account_sid'>): string =>
  `/2010-04-01/Accounts/${account_sid}`
