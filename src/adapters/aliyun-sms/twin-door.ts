/** The door of the twin: its made-up account, and the check of both signatures as the vendor makes it. */
import type { TwinReply, TwinRequest } from '../../core/twin.ts'
import { sha256 } from '../../core/sha256.ts'
import { apiVersion, signAcs3, signRpc } from './signature.ts'

/** Account of every twin of Alibaba Cloud. Made up; no vendor knows it. */
export const account = {
  accessKeyId: 'LTAIsandbox000000001',
  accessKeySecret: 'sandboxAccessKeySecret00000001',
  signName: 'Sandbox',
} as const

/** A failure at the door has a status of its own; those behind it come with 200. */
export const fail = (Code: string, Message: string = Code, status = 200): TwinReply => ({
  status,
  json: { Code, Message, RequestId: 'sandbox' },
})

const toleranceMs = 15 * 60_000

export type Admitted = { action: string; params: Record<string, string> }

/** Lets a request in, or says what the vendor would refuse it for before it reads it. */
export function createDoor() {
  const nonces = new Set<string>()
  return (request: TwinRequest, now: Date): Admitted | TwinReply => {
    if (request.path !== '/') return fail('InvalidAction.NotFound', request.path, 404)
    const claim = request.headers.authorization ? readAcs3(request) : readRpc(request)
    if (!claim) return fail('IncompleteSignature', 'the signature is not complete', 400)
    if (claim.accessKeyId !== account.accessKeyId) {
      return fail('InvalidAccessKeyId.NotFound', 'Specified access key is not found.', 404)
    }
    const aheadMs = Date.parse(claim.date) - now.getTime()
    if (!(Math.abs(aheadMs) <= toleranceMs)) {
      return fail('InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.', 400)
    }
    if (claim.signature !== claim.right) {
      return fail('SignatureDoesNotMatch', 'Specified signature is not matched.', 400)
    }
    if (nonces.has(claim.nonce)) return fail('SignatureNonceUsed', 'used before', 400)
    nonces.add(claim.nonce)
    if (claim.version !== apiVersion) return fail('InvalidVersion', claim.version, 400)
    return { action: claim.action, params: Object.fromEntries(request.query) }
  }
}

export const isAdmitted = (found: Admitted | TwinReply): found is Admitted => 'action' in found

type Claim = {
  accessKeyId: string
  date: string
  nonce: string
  action: string
  version: string
  signature: string
  right: string
}

const shape =
  /^ACS3-HMAC-SHA256 Credential=([^,\s]+),SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})$/
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

function readAcs3({ method, headers, query, body }: TwinRequest): Claim | undefined {
  const [, accessKeyId, signedHeaders, signature] = shape.exec(headers.authorization ?? '') ?? []
  const of = (name: string) => headers[`x-acs-${name}`] ?? ''
  if (!accessKeyId || !signedHeaders || !signature) return undefined
  if (of('content-sha256') !== sha256(body) || !instant.test(of('date'))) return undefined
  const right = signAcs3({
    method,
    query: [...query],
    headers,
    body,
    accessKeyId,
    accessKeySecret: account.accessKeySecret,
  })
  return {
    accessKeyId,
    date: of('date'),
    nonce: of('signature-nonce'),
    action: of('action'),
    version: of('version'),
    signature,
    // What must be signed and is not is as bad as a wrong signature.
    right: right.signedHeaders === signedHeaders ? right.signature : '',
  }
}

function readRpc({ method, query }: TwinRequest): Claim | undefined {
  const of = (name: string) => query.get(name) ?? ''
  const isWhole =
    of('SignatureMethod') === 'HMAC-SHA1' &&
    of('SignatureVersion') === '1.0' &&
    of('Format') === 'JSON' &&
    instant.test(of('Timestamp'))
  if (!isWhole || of('SignatureNonce') === '') return undefined
  const signed = [...query].filter(([name]) => name !== 'Signature')
  return {
    accessKeyId: of('AccessKeyId'),
    date: of('Timestamp'),
    nonce: of('SignatureNonce'),
    action: of('Action'),
    version: of('Version'),
    signature: of('Signature'),
    right: signRpc(method, signed, account.accessKeySecret).signature,
  }
}
