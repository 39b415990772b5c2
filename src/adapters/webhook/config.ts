import { z } from 'zod'
import { bareSecret } from '../../core/secret-form.ts'
import { isLoopback, serviceUrl } from '../../core/service-url.ts'
import { keyOf, schemes } from './signature.ts'

export const WebhookConfig = z.object({
  url: serviceUrl().meta({
    description: 'Where alerts are posted',
    example: 'https://ops.example.com/caravan',
  }),
  secret: bareSecret('Secret that signs every request, agreed with the receiver'),
  scheme: z.enum(schemes).default('standard-webhooks').meta({
    description:
      'How requests are signed: headers webhook-id, webhook-timestamp and webhook-signature, or X-Hub-Signature-256',
  }),
  ping: z.boolean().default(false).meta({
    description: 'The receiver takes a signed {"type":"ping"}, so that a test can prove the secret',
  }),
  allow_private: z.boolean().default(false).meta({
    description: 'The receiver stands in a private network',
  }),
})
export type WebhookConfig = z.output<typeof WebhookConfig>

export function checkConfig({ scheme, secret }: WebhookConfig) {
  if (scheme !== 'standard-webhooks' || keyOf(secret.reveal())) return []
  const message = 'must be Base64, with or without "whsec_" before it, under standard-webhooks'
  return [{ field: 'secret', message }]
}

/** Bytes; https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const advisedKey = 24

export function warnConfig({ scheme, secret }: WebhookConfig) {
  const key = scheme === 'standard-webhooks' ? keyOf(secret.reveal()) : Buffer.from(secret.reveal())
  if (!key || key.byteLength >= advisedKey) return []
  return [{ field: 'secret', message: `is short: a key should have ${advisedKey} bytes or more` }]
}

/** Nothing that an operator or a config writes may reach into the network behind us by accident. */
export const isPublicOnly = ({ url, allow_private }: WebhookConfig): boolean =>
  !allow_private && !isLoopback(new URL(url).hostname)
