import type { HookRequest } from '../../core/hook.ts'
import { Secret } from '../../core/secret.ts'
import { formType } from '../../core/twin.ts'
import { signatureOf } from './callback.ts'
import { toChinaStamp } from './china-time.ts'
import { account } from './twin-access.ts'

/** A callback as YLH sends it, signed for the account of the twin. `data` is what stands in `Data`. */
export function callbackOf(
  url: string,
  {
    method,
    data,
    at,
  }: { method: 'confirm' | 'cancel' | 'oostock'; data: Record<string, unknown>; at: Date },
): HookRequest {
  const params = {
    AppKey: account.appKey,
    TimeStamp: toChinaStamp(at),
    Method: `hmm.scm_heorder.${method}`,
    Data: JSON.stringify(data),
  }
  const Sign = signatureOf(params, new Secret(account.appSecret))
  const body = Buffer.from(new URLSearchParams({ ...params, Sign }).toString())
  return { method: 'POST', url, headers: { 'content-type': formType }, body }
}
