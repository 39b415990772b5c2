/** Tokens of the two systems: each has its own, shared by all calls. Sections 1 and 4. */
import type { AuthorizeContext, RenewContext } from '../../core/adapter.ts'
import type { Credential } from '../../core/credentials.ts'
import { IntegrationError, messageOf } from '../../core/errors.ts'
import type { SignableRequest } from '../../core/http.ts'
import { fetchToken, fetchYlhToken } from './api.ts'
import { endpointsOf, type HaierConfig, ylhEndpointsOf } from './config.ts'
import type { TheirToken } from './schema.ts'

type System = 'haier' | 'ylh'

/** What each call last proved itself with; a call is known by its signal. Needed to drop just that token. */
const lastUsed = new WeakMap<AbortSignal, { system: System; header: string }>()

export async function authorize(
  request: SignableRequest,
  context: AuthorizeContext<HaierConfig>,
): Promise<void> {
  const system = systemOf(request.url, context.config)
  const header = await sharedToken(system, context)
  lastUsed.set(context.signal, { system, header })
  request.headers.authorization = header
}

/** After a 401: forgets the token that was refused. A 403 is final, a new token would not change it. */
export function renew({ credentials, signal, refusal }: RenewContext<HaierConfig>): boolean {
  const used = lastUsed.get(signal)
  if (!used || refusal?.status !== 401) return false
  lastUsed.delete(signal)
  credentials.drop(used.system, used.header)
  return true
}

/** All services of YLH begin so; those of Haier live below `/yilihuo/`. */
function systemOf(url: URL, config: HaierConfig): System {
  return url.href.startsWith(`${ylhEndpointsOf(config).baseUrl}/ylh-cloud-`) ? 'ylh' : 'haier'
}

async function sharedToken(
  system: System,
  context: AuthorizeContext<HaierConfig>,
): Promise<string> {
  const fetch = system === 'ylh' ? fetchForYlh : fetchForHaier
  for (;;) {
    try {
      return await context.credentials.get(system, () => fetch(context))
    } catch (error) {
      // The call that began the refresh was cancelled, and took it along for all who waited: begin another.
      const isOurs = context.signal.aborted || !isKind(error, 'cancelled')
      if (isOurs) throw error
    }
  }
}

async function fetchForHaier({ http, config }: AuthorizeContext<HaierConfig>): Promise<Credential> {
  const answer = await orExplain(
    () => fetchToken(http, config),
    `Check client_id and client_secret; each environment has its own, this is ${config.environment}. Asked at ${endpointsOf(config).tokenUrl}.`,
  )
  const { token, lifetimeMs, type } = readToken(answer)
  return { value: config.auth_scheme === 'raw' ? token : `${type} ${token}`, lifetimeMs }
}

async function fetchForYlh({ http, config }: AuthorizeContext<HaierConfig>): Promise<Credential> {
  const answer = await orExplain(
    () => fetchYlhToken(http, config),
    'Check ylh_username, ylh_password, ylh_client_id and ylh_client_secret.',
  )
  const { token, lifetimeMs, type } = readToken(answer)
  return { value: `${type} ${token}`, lifetimeMs }
}

/** Seconds a token is renewed before its end, and seconds it is trusted at least. Section 1. */
const early = 600
const leastTrust = 300

function readToken(answer: TheirToken): { token: string; type: string; lifetimeMs: number } {
  const inner = answer.data
  const token = answer.access_token ?? answer.token ?? inner?.access_token ?? inner?.token
  if (!token) {
    throw new IntegrationError({
      kind: 'bad_response',
      outcome: 'not_done',
      message: 'the answer to the token request holds no token',
      hint: 'Check token_url; another program may be answering there.',
    })
  }
  const expiresIn = answer.expires_in ?? inner?.expires_in ?? 3600
  const type = answer.token_type ?? inner?.token_type ?? 'Bearer'
  return {
    token,
    type: type.toLowerCase() === 'bearer' ? 'Bearer' : type,
    lifetimeMs: Math.max(expiresIn - early, leastTrust) * 1000,
  }
}

/** A wrong id or secret is answered with 400. Whatever went wrong, the call itself has not been sent. */
async function orExplain(fetch: () => Promise<TheirToken>, hint: string): Promise<TheirToken> {
  try {
    return await fetch()
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    const isRefused = isKind(error, 'rejected') || error.status === 401
    throw new IntegrationError({
      kind: isRefused ? 'auth' : error.kind,
      outcome: 'not_done',
      message: `no token: ${messageOf(error)}`,
      hint: isRefused ? hint : error.hint,
      code: error.code,
      status: error.status,
      retryAfterMs: error.retryAfterMs,
      cause: error,
    })
  }
}

const isKind = (error: unknown, kind: IntegrationError['kind']): boolean =>
  error instanceof IntegrationError && error.kind === kind
