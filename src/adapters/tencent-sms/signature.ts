/** TC3-HMAC-SHA256. https://www.tencentcloud.com/document/api/382/34426 */
import { createHmac } from 'node:crypto'
import type { AuthorizeContext } from '../../core/adapter.ts'
import type { SignableRequest } from '../../core/http.ts'
import { sha256 } from '../../core/sha256.ts'
import type { TencentConfig } from './config.ts'

export type Tc3 = {
  /** The product, such as `sms`. */
  service: string
  method: string
  /** Of the request, names in lower case; every one in `signed` is there. */
  headers: Readonly<Record<string, string | undefined>>
  /** Names of signed headers in order, joined by semicolons. */
  signed: string
  body: Uint8Array
  /** Unix seconds. */
  timestamp: number
  secretId: string
  secretKey: string
}

export type Tc3Signature = {
  canonicalRequest: string
  stringToSign: string
  signature: string
  authorization: string
}

/** Signs one request. The date of the scope is that of the timestamp, in UTC: at midnight a second look may differ. */
export function signTc3(request: Tc3): Tc3Signature {
  const { service, timestamp, signed, secretId } = request
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10)
  const scope = `${date}/${service}/tc3_request`
  const canonicalRequest = canonical(request)
  const stringToSign = [algorithm, timestamp, scope, sha256(canonicalRequest)].join('\n')
  const key = [date, service, 'tc3_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `TC3${request.secretKey}`,
  )
  const signature = createHmac('sha256', key).update(stringToSign).digest('hex')
  const authorization = `${algorithm} Credential=${secretId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
  return { canonicalRequest, stringToSign, signature, authorization }
}

const algorithm = 'TC3-HMAC-SHA256'

function canonical({ method, headers, signed, body }: Tc3): string {
  const lines = signed.split(';').map((name) => `${name}:${valueOf(name, headers[name] ?? '')}\n`)
  return [method, '/', '', lines.join(''), signed, sha256(body)].join('\n')
}

/** The action is signed in lower case, where it is signed at all. */
const valueOf = (name: string, value: string): string =>
  name === 'x-tc-action' ? value.trim().toLowerCase() : value.trim()

export const apiVersion = '2021-01-11'

/** Signs the bytes that are about to leave. `x-tc-action` is set by whoever makes the request. */
export function authorize(
  request: SignableRequest,
  { config, clock }: AuthorizeContext<TencentConfig>,
): void {
  const timestamp = Math.floor(clock.now().getTime() / 1000)
  const { method, url, headers, body } = request
  const { authorization } = signTc3({
    service: 'sms',
    method,
    headers: { 'content-type': headers['content-type'], host: url.host },
    signed: 'content-type;host',
    body,
    timestamp,
    secretId: config.secret_id,
    secretKey: config.secret_key.reveal(),
  })
  Object.assign(headers, {
    authorization,
    'x-tc-version': apiVersion,
    'x-tc-timestamp': String(timestamp),
    'x-tc-region': config.region,
  })
  if (config.token) headers['x-tc-token'] = config.token.reveal()
}
