import { changed, IntegrationError } from '../../core/errors.ts'
import type { Http } from '../../core/http.ts'
import type { WebhookConfig } from './config.ts'

/** Same over all attempts of a call: the receiver drops what it has seen. */
export const idHeader = 'webhook-id'

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md; `authorize` signs it. */
export async function post(
  http: Http,
  { url }: WebhookConfig,
  id: string,
  json: object,
): Promise<void> {
  const request = { method: 'POST', url, json, headers: { [idHeader]: id } } as const
  await http.send(request).catch(nameTheWayIn)
}

/** Whether anybody is there: unsigned, and without effect. */
export async function askOptions(http: Http, { url }: WebhookConfig): Promise<void> {
  const asked = http.send({ method: 'OPTIONS', url, authorize: false })
  await asked.catch(ignoreNoSuchMethod).catch(nameTheWayIn)
}

/** The http layer knows that the address is private, but not which field allows it. */
function nameTheWayIn(error: unknown): never {
  if (!(error instanceof IntegrationError) || error.code !== 'address_private') throw error
  const hint = `${error.hint ?? ''} If the receiver stands there on purpose, set allow_private: true.`
  throw changed(error, { hint: hint.trim() })
}

/**
 * Few receivers know OPTIONS, and some want every request signed, which this one is not: that they say so shows that
 * they are there.
 */
function ignoreNoSuchMethod(error: unknown): void {
  const isThere =
    error instanceof IntegrationError && [400, 401, 403, 405, 501].includes(error.status ?? 0)
  if (!isThere) throw error
}
