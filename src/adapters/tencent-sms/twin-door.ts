/** The door of the twin: its made-up account, and the check of TC3 signatures as the vendor makes it. */
import { isSameText } from '../../core/same-text.ts'
import type { TwinReply, TwinRequest } from '../../core/twin.ts'
import { apiVersion, signTc3 } from './signature.ts'

/** Account of every twin of Tencent. Made up; no vendor knows it. */
export const account = {
  secretId: 'AKIDsandbox000000000000000000000001',
  secretKey: 'sandboxSecretKey0000000000000001',
  appId: '1400006666',
  signName: 'Sandbox',
} as const

export const fail = (Code: string, Message: string = Code): TwinReply => ({
  json: { Response: { Error: { Code, Message }, RequestId: 'sandbox' } },
})

const toleranceS = 300

const shape =
  /^TC3-HMAC-SHA256 Credential=([^/\s]+)\/(\d{4}-\d\d-\d\d)\/(\w+)\/tc3_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/

/** What the vendor would refuse a request for before it reads it; undefined: it is let in. */
export function refusalOf(
  { method, headers, body }: TwinRequest,
  now: Date,
): TwinReply | undefined {
  const [, secretId, date, service, signed = '', signature = ''] =
    shape.exec(headers.authorization ?? '') ?? []
  const timestamp = Number(headers['x-tc-timestamp'])
  if (!secretId || !Number.isSafeInteger(timestamp)) return fail('AuthFailure.SignatureFailure')
  if (method !== 'POST' || headers['content-type'] !== 'application/json') {
    return fail('UnsupportedProtocol', 'only POST with application/json is played here')
  }
  if (Math.abs(now.getTime() / 1000 - timestamp) > toleranceS) {
    return fail('AuthFailure.SignatureExpire', '签名过期，请检查本地时间')
  }
  if (secretId !== account.secretId) return fail('AuthFailure.SecretIdNotFound')
  const names = signed.split(';')
  const isWhole = names.includes('content-type') && names.includes('host')
  const isDated = date === new Date(timestamp * 1000).toISOString().slice(0, 10)
  const right = signTc3({
    service: 'sms',
    method,
    headers,
    signed,
    body,
    timestamp,
    secretId,
    secretKey: account.secretKey,
  })
  if (!isWhole || !isDated || service !== 'sms' || !isSameText(right.signature, signature)) {
    return fail('AuthFailure.SignatureFailure', '签名验证失败')
  }
  if (headers['x-tc-version'] !== apiVersion) return fail('NoSuchVersion')
  return headers['x-tc-region'] ? undefined : fail('MissingParameter', 'X-TC-Region')
}
