import { IntegrationError } from '../core/errors.ts'
import type { SignableRequest } from '../core/http.ts'

/** Of one request; a vendor that needs more goes in a circle. */
const mostRedirects = 5

const redirects: readonly number[] = [301, 302, 303, 307, 308]

/**
 * The request that an answer points to, when it may be followed: reading alone, to an origin that the config lists, with
 * TLS kept, and no header but `accept` crossing an origin. Undefined: the answer stands as it is. Throws when there
 * were too many.
 */
export function nextRequest(
  request: SignableRequest,
  answer: { status: number; location: string | null },
  { allowed, hops, isLocal }: { allowed: readonly string[]; hops: number; isLocal: boolean },
): SignableRequest | undefined {
  if (!redirects.includes(answer.status) || answer.location === null) return undefined
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  const url = URL.parse(answer.location, request.url.href)
  if (!url || !allowed.includes(url.origin) || url.username !== '' || url.password !== '') {
    return undefined
  }
  if (url.protocol !== 'https:' && !isLocal) return undefined
  if (hops >= mostRedirects) throw circle()
  const isSame = url.origin === request.url.origin
  const { accept = 'application/json' } = request.headers
  return { ...request, url, headers: isSame ? request.headers : { accept }, body: new Uint8Array() }
}

const circle = (): IntegrationError =>
  new IntegrationError({
    kind: 'config',
    outcome: 'not_done',
    message: `the vendor redirects more than ${mostRedirects} times`,
    hint: 'Put the address it means into base_url.',
  })
