/** Tokens of the listener's API: who holds one may do over HTTP what its scopes say. */
import { namePattern, nameRule } from '../config/schema.ts'
import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { nearest, propose } from '../core/nearest.ts'
import { sha256 } from '../core/sha256.ts'
import {
  findTokenByHash,
  insertToken,
  listTokens,
  noteTokenUse,
  revokeToken,
  type Token,
  type TokenScope,
  tokenState,
} from '../store/tokens.ts'
import type { CreatedToken, RevokedToken, TokenInfo } from './answers/tokens.ts'
import type { App } from './app.ts'
import { readDurationFlag } from './duration-flag.ts'
import { operatorName } from './operator.ts'
import { judgeTokenText, newTokenText } from './token-text.ts'

export type { TokenScope }

/** What each scope is for; none holds another one. */
export const scopes = {
  read: 'look at services, calls, jobs and runs',
  call: 'call services, test connections, run jobs',
  admin: 'switch services on and off, pause jobs, cancel runs',
} as const satisfies Record<TokenScope, string>

/** Makes a token and shows it this once. Throws `usage`, or `token_exists` while one of the name holds. */
export async function createToken(
  app: App,
  name: string,
  flags: { scope?: string; expires?: string },
): Promise<CreatedToken> {
  if (!namePattern.test(name)) {
    throw new CaravanError({
      code: 'usage',
      message: `${name} cannot be the name of a token`,
      hint: `${nameRule[0]?.toUpperCase()}${nameRule.slice(1)}. Name it for who will hold it.`,
    })
  }
  const wanted = readScopes(flags.scope)
  const now = app.clock.now()
  const { expires } = flags
  const expiresAt =
    expires === undefined
      ? undefined
      : new Date(now.getTime() + readDurationFlag('--expires', expires))
  const text = newTokenText()
  const token = await insertToken((await app.state()).db, {
    id: newId(),
    name,
    hash: sha256(text),
    scopes: wanted,
    createdBy: operatorName(app.env),
    expiresAt,
    now,
  })
  if (token) return { ...infoOf(token, now), token: text }
  throw new CaravanError({
    code: 'token_exists',
    message: `there is a token named ${name} already, and it still holds`,
    hint: `Take another name, or revoke it first: caravan token revoke ${name}`,
    see: 'caravan token list',
  })
}

export async function showTokens(app: App): Promise<TokenInfo[]> {
  const now = app.clock.now()
  return (await listTokens((await app.state()).db)).map((token) => infoOf(token, now))
}

/** In force at once, also for a daemon that runs. Throws `token_unknown`, with the nearest name. */
export async function endToken(app: App, name: string): Promise<RevokedToken> {
  const { db } = await app.state()
  const now = app.clock.now()
  const revoked = await revokeToken(db, name, now)
  if (revoked) return { ...infoOf(revoked.token, now), changed: revoked.changed }
  const names = (await listTokens(db)).map((token) => token.name)
  throw new CaravanError({
    code: 'token_unknown',
    message: `there is no token named ${name}`,
    hint: propose(nearest(name, names), '"caravan token list" shows them.'),
  })
}

/** What a token that came with a request is worth. `unknown` has a right form and was never made, or its row is gone. */
export type TokenVerdict =
  | { is: 'valid'; id: string; name: string; scopes: readonly TokenScope[] }
  | { is: 'malformed' | 'unknown' }
  | { is: 'expired' | 'revoked'; name: string }

/** Looks a token up by its hash. That it was used is noted at most once a minute, and never fails the request. */
export async function judgeToken(app: App, text: string): Promise<TokenVerdict> {
  if (judgeTokenText(text) === 'malformed') return { is: 'malformed' }
  const { db } = await app.state()
  const token = await findTokenByHash(db, sha256(text))
  if (!token) return { is: 'unknown' }
  const now = app.clock.now()
  const { id, name } = token
  const state = tokenState(token, now)
  if (state !== 'active') return { is: state, name }
  const ago = now.getTime() - Date.parse(token.usedAt ?? '1970-01-01T00:00:00Z')
  // A clock that stepped back is no reason to say nothing for a year.
  if (Math.abs(ago) >= noteEveryMs) await noteTokenUse(db, id, now).catch(() => undefined)
  return { is: 'valid', id, name, scopes: token.scopes }
}

const noteEveryMs = 60_000

function readScopes(text = ''): TokenScope[] {
  const known = Object.keys(scopes) as TokenScope[]
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
  const list = Object.entries(scopes).map(([scope, what]) => `  ${scope.padEnd(5)}  ${what}`)
  const unknown = words.find((word) => !known.some((scope) => scope === word))
  if (unknown !== undefined) {
    throw new CaravanError({
      code: 'usage',
      message: `${unknown} is no scope:\n${list.join('\n')}`,
      hint: propose(nearest(unknown, known), 'Write several with commas: --scope read,call'),
    })
  }
  if (words.length > 0) return known.filter((scope) => words.includes(scope))
  throw new CaravanError({
    code: 'value_missing',
    message: `what may the holder of the token do?\n${list.join('\n')}`,
    hint: 'Say it with --scope, several with commas: --scope read,call',
  })
}

function infoOf(token: Token, now: Date): TokenInfo {
  return {
    id: token.id,
    name: token.name,
    state: tokenState(token, now),
    scopes: token.scopes,
    created_at: token.createdAt,
    created_by: token.createdBy,
    expires_at: token.expiresAt,
    used_at: token.usedAt,
    revoked_at: token.revokedAt,
  }
}
