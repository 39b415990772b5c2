/** Both signatures of Alibaba Cloud: ACS3-HMAC-SHA256, and the older one of RPC calls. */
import { createHmac, randomUUID } from 'node:crypto'
import type { AuthorizeContext } from '../../core/adapter.ts'
import type { SignableRequest } from '../../core/http.ts'
import { sha256 } from '../../core/sha256.ts'
import type { AliyunConfig } from './config.ts'

export const apiVersion = '2017-05-25'

type Pairs = readonly (readonly [string, string])[]

export type Acs3 = {
  method: string
  query: Pairs
  /** Of the request, names in lower case. Signed are `host`, `content-type` and every `x-acs-…`. */
  headers: Readonly<Record<string, string | undefined>>
  body: Uint8Array
  accessKeyId: string
  accessKeySecret: string
}

export type Acs3Signature = {
  canonicalRequest: string
  stringToSign: string
  signature: string
  signedHeaders: string
  authorization: string
}

/** https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature */
export function signAcs3(request: Acs3): Acs3Signature {
  const { method, query, headers, body, accessKeyId, accessKeySecret } = request
  const names = Object.keys(headers).filter(isSigned).toSorted()
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`)
  const signedHeaders = names.join(';')
  const canonicalRequest = [
    method,
    '/',
    canonicalQuery(query),
    lines.join(''),
    signedHeaders,
    sha256(body),
  ].join('\n')
  const stringToSign = `ACS3-HMAC-SHA256\n${sha256(canonicalRequest)}`
  const signature = createHmac('sha256', accessKeySecret).update(stringToSign).digest('hex')
  const authorization = `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${signedHeaders},Signature=${signature}`
  return { canonicalRequest, stringToSign, signature, signedHeaders, authorization }
}

const isSigned = (name: string): boolean =>
  name === 'host' || name === 'content-type' || name.startsWith('x-acs-')

export type RpcSignature = { stringToSign: string; signature: string; encoded: string }

/** https://help.aliyun.com/zh/sdk/product-overview/rpc-mechanism. `encoded` is the query with the signature in it. */
export function signRpc(method: string, params: Pairs, accessKeySecret: string): RpcSignature {
  const query = canonicalQuery(params)
  const stringToSign = `${method}&%2F&${encode(query)}`
  const signature = createHmac('sha1', `${accessKeySecret}&`).update(stringToSign).digest('base64')
  return { stringToSign, signature, encoded: `${query}&Signature=${encode(signature)}` }
}

/** By name in the order of code units, capitals first, each part encoded as RFC 3986 wants it. */
function canonicalQuery(query: Pairs): string {
  const sorted = query.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
  return sorted.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** Runs before every attempt: the vendor refuses a nonce that it has seen, and a date that is 15 minutes old. */
export function authorize(
  request: SignableRequest,
  { config, clock }: AuthorizeContext<AliyunConfig>,
): void {
  signRequest(request, config, { at: clock.now(), nonce: randomUUID() })
}

/** Signs the request where it stands. `x-acs-action` is set by whoever makes the request. */
export function signRequest(
  request: SignableRequest,
  config: AliyunConfig,
  { at, nonce }: { at: Date; nonce: string },
): void {
  const date = at.toISOString().replace(/\.\d+Z$/, 'Z')
  if (config.signature === 'rpc-v1') return signByQuery(request, config, date, nonce)
  const { headers, method, url, body } = request
  const query = [...url.searchParams]
  Object.assign(headers, {
    'x-acs-version': apiVersion,
    'x-acs-date': date,
    'x-acs-signature-nonce': nonce,
    'x-acs-content-sha256': sha256(body),
    'x-acs-credentials-provider': config.security_token ? 'static_sts' : 'static_ak',
  })
  if (config.security_token) {
    headers['x-acs-accesskey-id'] = config.access_key_id
    headers['x-acs-security-token'] = config.security_token.reveal()
  }
  // What is sent is encoded as what is signed: a plus for a blank is read differently by different gateways.
  url.search = canonicalQuery(query)
  headers.authorization = signAcs3({
    method,
    query,
    headers: { ...headers, host: url.host },
    body,
    accessKeyId: config.access_key_id,
    accessKeySecret: config.access_key_secret.reveal(),
  }).authorization
}

function signByQuery(
  { headers, method, url }: SignableRequest,
  config: AliyunConfig,
  date: string,
  nonce: string,
): void {
  const common: Record<string, string | undefined> = {
    AccessKeyId: config.access_key_id,
    Action: headers['x-acs-action'],
    Format: 'JSON',
    RegionId: config.region_id,
    SecurityToken: config.security_token?.reveal(),
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: nonce,
    SignatureVersion: '1.0',
    Timestamp: date,
    Version: apiVersion,
  }
  delete headers['x-acs-action']
  const given = Object.entries(common).filter((pair): pair is [string, string] => Boolean(pair[1]))
  const params = [...url.searchParams, ...given]
  url.search = signRpc(method, params, config.access_key_secret.reveal()).encoded
}
