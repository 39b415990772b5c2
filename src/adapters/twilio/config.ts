/** What a Twilio service needs to know, and the address that follows from it. */
import { z } from 'zod'
import { basicPair } from '../../core/basic-auth.ts'
import { bareSecret, bareText, secretOf } from '../../core/secret-form.ts'
import { serviceUrl } from '../../core/service-url.ts'
import { Templates, TextTemplates } from '../../core/sms/templates.ts'

const sid = (prefix: string) =>
  bareText().regex(
    new RegExp(`^${prefix}[0-9a-f]{32}$`, 'i'),
    `must be ${prefix} and 32 digits 0-9, a-f`,
  )

const label = () =>
  z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be a label of a host name, such as au1')

/** Of the Content API. */
export const contentSid = /^HX[0-9a-f]{32}$/i

/** A number, a short code, or letters: at most 11, with at least one letter among them. */
const senders = /^(\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9+\-_& ]{1,11})$/

export const TwilioConfig = z.object({
  base_url: serviceUrl().optional().meta({
    description: 'Address of the API; by default that of edge and region',
    example: 'https://api.twilio.com',
  }),
  account_sid: sid('AC').meta({
    description: 'Account SID from the console',
    example: 'AC0123456789abcdef0123456789abcdef',
  }),
  auth_token: secretOf('Auth token of the account; checks of incoming calls need it', {
    fits: (value) => /^[0-9a-f]{32}$/i.test(value),
    says: 'must be 32 digits 0-9, a-f',
  }).optional(),
  api_key_sid: sid('SK').optional().meta({
    description: 'API key; requests use it instead of the auth token',
    example: 'SK0123456789abcdef0123456789abcdef',
  }),
  api_key_secret: bareSecret('Secret of the API key').optional(),
  from: bareText()
    .regex(senders, 'must be a number with a plus, a short code, or at most 11 letters and digits')
    .optional()
    .meta({ description: 'Sender; this or messaging_service_sid', example: '+15005550006' }),
  messaging_service_sid: sid('MG').optional().meta({
    description: 'Messaging Service that chooses the sender; this or from',
    example: 'MG0123456789abcdef0123456789abcdef',
  }),
  region: label().optional().meta({ description: 'Region of the account', example: 'au1' }),
  edge: label().optional().meta({ description: 'Edge location', example: 'sydney' }),
  public_url: serviceUrl().optional().meta({
    description: 'Address under which Twilio reaches us, where a proxy stands before this machine',
    example: 'https://hooks.example.com',
  }),
  status_callback: serviceUrl().optional().meta({
    description:
      'Address that Twilio tells what became of each message: ends in /hooks/ and the name of the service',
    example: 'https://hooks.example.com/hooks/twilio',
  }),
  validity_period: z.int().min(1).max(36_000).optional().meta({
    description: 'Seconds after which an undelivered message is given up; 36000 by default',
  }),
  smart_encoded: z.boolean().optional().meta({
    description: 'Replaces typographic characters, so that a text needs fewer parts',
  }),
  templates: Templates,
  texts: TextTemplates,
})
export type TwilioConfig = z.output<typeof TwilioConfig>

/** Rules that join several fields. */
export function checkConfig(config: TwilioConfig): { field: string; message: string }[] {
  const { auth_token, api_key_sid, api_key_secret, from, messaging_service_sid, templates } = config
  const faults: [string, boolean, string][] = [
    [
      'auth_token',
      !auth_token && !api_key_sid && !api_key_secret,
      'is needed, or api_key_sid with api_key_secret',
    ],
    ['api_key_secret', Boolean(api_key_sid) && !api_key_secret, 'is needed with api_key_sid'],
    ['api_key_sid', Boolean(api_key_secret) && !api_key_sid, 'is needed with api_key_secret'],
    ...Object.entries(templates).map(([name, { id }]): [string, boolean, string] => [
      'templates',
      !contentSid.test(id),
      `${name}: id must be HX and 32 digits 0-9, a-f`,
    ]),
    ['from', !from && !messaging_service_sid, 'is needed, or messaging_service_sid'],
    [
      'messaging_service_sid',
      Boolean(from) && Boolean(messaging_service_sid),
      'must not stand beside from: one of them chooses the sender',
    ],
  ]
  return faults.filter(([, isWrong]) => isWrong).map(([field, , message]) => ({ field, message }))
}

export function warnConfig(config: TwilioConfig): { field: string; message: string }[] {
  if (!config.status_callback || config.auth_token) return []
  const message =
    'is needed to check what Twilio sends to status_callback; an API key does not help'
  return [{ field: 'auth_token', message }]
}

/** Region and edge are labels of the host; an edge alone leads to the first region. */
export function baseUrlOf({ base_url, region, edge }: TwilioConfig): string {
  if (base_url) return base_url
  const labels = edge ? [edge, region ?? 'us1'] : region ? [region] : []
  return `https://${['api', ...labels, 'twilio.com'].join('.')}`
}

/** Who asks: an API key where there is one. The path keeps the account's own id. */
export function basicOf(config: TwilioConfig): string {
  const user = config.api_key_sid ?? config.account_sid
  const password = (config.api_key_sid ? config.api_key_secret : config.auth_token)?.reveal() ?? ''
  return basicPair(user, password)
}
