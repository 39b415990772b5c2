import { createHmac } from 'node:crypto'
import type { AuthorizeContext } from '../../core/adapter.ts'
import type { SignableRequest } from '../../core/http.ts'
import type { FeishuRobotConfig } from './config.ts'

/**
 * Puts time and signature into the body; good for an hour around the vendor's clock.
 * https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 */
export function authorize(
  request: SignableRequest,
  { config, clock }: Pick<AuthorizeContext<FeishuRobotConfig>, 'config' | 'clock'>,
): void {
  if (!config.secret) return
  const timestamp = String(Math.floor(clock.now().getTime() / 1000))
  const message = JSON.parse(new TextDecoder().decode(request.body)) as object
  const signed = { timestamp, sign: sign(timestamp, config.secret.reveal()), ...message }
  request.body = new TextEncoder().encode(JSON.stringify(signed))
}

/** Bytes that `authorize` adds, at most: `"timestamp":"1700000000","sign":"…44…",`. */
export const signatureBytes = 100

/** `timestamp` in seconds. Base64. Time and secret are the key, and what is signed is empty. */
export const sign = (timestamp: string, secret: string): string =>
  createHmac('sha256', `${timestamp}\n${secret}`).digest('base64')
