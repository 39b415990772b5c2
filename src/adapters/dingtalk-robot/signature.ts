import { createHmac } from 'node:crypto'
import type { AuthorizeContext } from '../../core/adapter.ts'
import type { SignableRequest } from '../../core/http.ts'
import type { DingtalkRobotConfig } from './config.ts'

/**
 * Appends time and signature to the query of the webhook; good for an hour around the vendor's clock.
 * https://open.dingtalk.com/document/robots/customize-robot-security-settings
 */
export function authorize(
  request: SignableRequest,
  { config, clock }: Pick<AuthorizeContext<DingtalkRobotConfig>, 'config' | 'clock'>,
): void {
  if (!config.secret) return
  const timestamp = String(clock.now().getTime())
  // Given raw: the query encodes it once, and a plus left as it is would arrive as a blank.
  request.url.searchParams.append('timestamp', timestamp)
  request.url.searchParams.append('sign', sign(timestamp, config.secret.reveal()))
}

/** `timestamp` in milliseconds. Base64. */
export const sign = (timestamp: string, secret: string): string =>
  createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64')
