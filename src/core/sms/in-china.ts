/** What both Chinese gateways want of a message. */
import { IntegrationError } from '../errors.ts'
import type { SmsMessage } from '../kinds/sms.ts'
import { isMainland } from './phone-forms.ts'

/**
 * The numbers, when they may stand in one request. Mainland and abroad need templates of their own, and two requests
 * would be two chances to fail: half a message sent is nothing a caller could repeat. Throws `rejected`.
 */
export function mainlandOrAbroad(to: readonly string[], max: number): string[] {
  const inside = to.filter(isMainland).length
  if (inside > 0 && inside < to.length) {
    throw refusal('numbers of mainland China and of abroad do not go into one message', 'Send two.')
  }
  if (to.length > max) {
    const hint = `Send several messages of at most ${max}.`
    throw refusal(`the vendor takes at most ${max} numbers, and ${to.length} were given`, hint)
  }
  return [...to]
}

/** The template of a message. A service that sends free text may send what has none. Throws `rejected`. */
export function templateOf(
  { template, params }: SmsMessage,
  vendor: string,
): { template: string; params: SmsMessage['params'] } {
  if (template !== undefined) return { template, params }
  throw refusal(`${vendor} sends approved templates alone`, 'Give template and params.', true)
}

const refusal = (message: string, hint: string, failover?: boolean): IntegrationError =>
  new IntegrationError({ kind: 'rejected', outcome: 'not_done', message, hint, failover })
