/** Who may do what: tokens, scopes, limits. Every refusal is thrown as a `Refusal`. */
import type { App } from '../../app/app.ts'
import { judgeToken, type TokenScope, type TokenVerdict } from '../../app/tokens.ts'
import type { Clock } from '../../core/clock.ts'
import { createBuckets, type Rate } from './buckets.ts'
import { Refusal } from './faults.ts'
import { limitKey } from './origin.ts'

export type Limits = {
  perToken: Rate
  /** Requests of one address that were refused for their token, or had none. */
  perStranger: Rate
  /** Webhooks of one address: a vendor calls from few, and many at once. */
  perHookSender: Rate
  /** Open at once, of everybody together. */
  connections: number
}

export const standardLimits: Limits = {
  perToken: { perSecond: 50, burst: 100 },
  perStranger: { perSecond: 1, burst: 20 },
  perHookSender: { perSecond: 1000, burst: 2000 },
  connections: 1000,
}

export type Guard = {
  /** The name of the token that may do it. `from`: the address of the client. */
  admit(request: {
    app: App
    authorization?: string
    from: string
    scope: TokenScope
  }): Promise<string>
  admitHook(from: string): void
  /** For what needs no token: the address counts as a stranger's. */
  admitOpen(from: string): void
}

export function createGuard(clock: Clock, limits: Limits = standardLimits): Guard {
  const tokens = createBuckets(limits.perToken, clock)
  const strangers = createBuckets(limits.perStranger, clock)
  const hooks = createBuckets(limits.perHookSender, clock)

  /** A token that holds is never kept out by what others at the same address do; 256 random bits cannot be guessed. */
  function refuse(from: string, refusal: Refusal): never {
    const waitMs = strangers.take(limitKey(from))
    throw waitMs > 0 ? tooMany(waitMs, `address; ${refusal.why ?? refusal.code}`) : refusal
  }

  return {
    async admit({ app, authorization, from, scope }) {
      const text = bearerOf(authorization)
      if (text === undefined) return refuse(from, missing(authorization))
      const verdict = await judgeToken(app, text)
      if (verdict.is !== 'valid') return refuse(from, refusedToken(verdict))
      const waitMs = tokens.take(verdict.id)
      if (waitMs > 0) throw tooMany(waitMs, `token ${verdict.name}`)
      if (!verdict.scopes.includes(scope)) throw outOfScope(scope, verdict)
      return verdict.name
    },
    admitHook(from) {
      const waitMs = hooks.take(limitKey(from))
      if (waitMs > 0) throw tooMany(waitMs, 'address')
    },
    admitOpen(from) {
      const waitMs = tokens.take(`open ${limitKey(from)}`)
      if (waitMs > 0) throw tooMany(waitMs, 'address')
    },
  }
}

/** The scheme is written in any case: https://www.rfc-editor.org/rfc/rfc9110#section-11.1 */
const bearerOf = (header = ''): string | undefined => /^bearer +(\S+) *$/i.exec(header)?.[1]

/** https://www.rfc-editor.org/rfc/rfc6750#section-3 */
const challenge = (words = ''): Record<string, string> => ({
  'www-authenticate': `Bearer realm="caravan"${words}`,
})

const missing = (header: string | undefined): Refusal =>
  new Refusal({
    code: 'token_missing',
    message:
      header === undefined ? 'this needs a token' : 'the Authorization header has no bearer token',
    hint: 'Send the header "Authorization: Bearer <token>". Tokens are made with "caravan token create".',
    headers: challenge(),
    why: header === undefined ? 'no token' : 'an Authorization header of another form',
  })

function refusedToken(verdict: Exclude<TokenVerdict, { is: 'valid' }>): Refusal {
  const isOurs = verdict.is === 'expired' || verdict.is === 'revoked'
  return new Refusal({
    code: 'token_refused',
    message: `the token is ${wordFor[verdict.is]}`,
    hint:
      verdict.is === 'malformed'
        ? 'Copy it again, whole: it begins with caravan_ and has 57 characters.'
        : 'Make a new one with "caravan token create".',
    headers: challenge(', error="invalid_token"'),
    why: isOurs ? `token ${verdict.name} is ${verdict.is}` : `the token is ${verdict.is}`,
  })
}

const wordFor = {
  malformed: 'mistyped or not whole',
  unknown: 'not known here',
  expired: 'expired',
  revoked: 'revoked',
} as const

const outOfScope = (scope: TokenScope, { name }: Extract<TokenVerdict, { is: 'valid' }>): Refusal =>
  new Refusal({
    code: 'scope_missing',
    message: `this needs a token with the scope ${scope}`,
    hint: `Make one: caravan token create <name> --scope ${scope}`,
    headers: challenge(`, error="insufficient_scope", scope="${scope}"`),
    why: `token ${name} has no scope ${scope}`,
  })

function tooMany(waitMs: number, why: string): Refusal {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return new Refusal({
    code: 'too_many_requests',
    message: 'there were too many requests in too short a time',
    hint: `Wait ${seconds} s, as Retry-After says.`,
    headers: { 'retry-after': String(seconds) },
    why: `too many requests of one ${why}`,
  })
}
