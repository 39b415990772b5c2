import { CaravanError } from '../core/errors.ts'
import { readFault } from '../core/system-faults.ts'
import { pathText } from '../config/faults.ts'
import { readValueFile } from '../config/sources.ts'
import type { SecretRecord } from '../store/secrets.ts'
import type { SecretInfo } from './answers/secrets.ts'
import type { App } from './app.ts'
import { unknownName } from './catalogue.ts'
import { earlierEnd, endOfCertificate, parseExpires } from './secret-expiry.ts'
import { placesOfSecrets, usersAt } from './secret-users.ts'

/** As placeholders know them: under any other name a secret could be stored and never used. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

const dayMs = 86_400_000
/** After so long without being opened, a secret is one to ask about. */
const idleAfterMs = 90 * dayMs
/** Vendors and certificate offices need days to give a new one. */
export const expiresSoonMs = 30 * dayMs

/** The names of all secrets: who uses them, how old they are, when they were last used and when they end. */
export async function listSecrets(app: App): Promise<SecretInfo[]> {
  const stored = await (await app.secrets()).list()
  const { raw } = await app.usableConfig()
  const places = placesOfSecrets(raw)
  const now = app.clock.now()
  return stored.map((secret) => {
    const used_by = usersAt(places.get(secret.name) ?? [])
    return {
      name: secret.name,
      used_by,
      created_at: secret.createdAt,
      updated_at: secret.updatedAt,
      updated_by: secret.updatedBy,
      last_used_at: secret.lastUsedAt,
      expires_at: secret.expiresAt,
      flags: flagsOf(secret, used_by.length > 0, now),
    }
  })
}

function flagsOf(
  { updatedAt, lastUsedAt, expiresAt }: SecretRecord,
  isNamed: boolean,
  now: Date,
): SecretInfo['flags'] {
  const flags: SecretInfo['flags'] = []
  const leftMs = expiresAt === null ? Infinity : Date.parse(expiresAt) - now.getTime()
  if (leftMs <= 0) flags.push('expired')
  else if (leftMs <= expiresSoonMs) flags.push('expires_soon')
  const restedMs = now.getTime() - Date.parse(lastUsedAt ?? updatedAt)
  if (!isNamed) flags.push('unused')
  else if (lastUsedAt === null) flags.push('never_used')
  else if (restedMs > idleAfterMs) flags.push('idle')
  return flags
}

/** When a value just stored ends, as the operator said (`--expires`) or as the certificate in it says. */
export type StoredSecret = { isNew: boolean; expiresAt: string | null }

/** Stores a value under a name. Throws `usage` for a name that cannot be one and for no day in `expires`. */
export async function setSecret(
  app: App,
  name: string,
  value: string,
  expires?: string,
): Promise<StoredSecret> {
  if (value === '') {
    throw new CaravanError({
      code: 'value_missing',
      message: `the value of ${name} is empty; nothing was stored`,
      hint: 'Type it at the prompt, pipe it in, or use --file.',
    })
  }
  requireSecretWords(name, expires)
  const told = expires === undefined ? undefined : parseExpires(expires)
  const expiresAt = earlierEnd(told, endOfCertificate(value))
  return { isNew: await (await app.secrets()).write(name, value, expiresAt), expiresAt }
}

/** What can be known to be wrong before a person is asked for the value. Throws `usage`. */
export function requireSecretWords(name: string, expires: string | undefined): void {
  if (expires !== undefined) parseExpires(expires)
  if (namePattern.test(name)) return
  throw new CaravanError({
    code: 'usage',
    message: `${name} cannot be the name of a secret`,
    hint: 'Names are letters, digits, dots, hyphens and underscores, such as haier.password.',
  })
}

/** Throws `secret_unknown`. */
export async function removeSecret(app: App, name: string): Promise<void> {
  if (!(await (await app.secrets()).remove(name))) await requireSecret(app, name)
}

/** What can be known to be wrong before a person is asked. Throws `secret_unknown` with the nearest right name. */
export async function requireSecret(app: App, name: string): Promise<void> {
  const known = (await (await app.secrets()).list()).map((secret) => secret.name)
  if (known.includes(name)) return
  throw unknownName('secret', name, known, 'secret_unknown', 'caravan secret list')
}

/** Why services that use a secret cannot be used now, a line each; empty when all can. */
export async function troubleOfUsers(app: App, name: string): Promise<string[]> {
  const { reviewServices, sourcesOf } = await import('./service.ts')
  const users = await secretUsers(app, name)
  if (users.length === 0) return []
  const { faults } = await reviewServices(await app.usableConfig(), await sourcesOf(app), users)
  return faults.map(
    ({ path, message }) => `${String(path[1])} cannot be used: ${pathText(path)}: ${message}`,
  )
}

export async function secretUsers(app: App, name: string): Promise<string[]> {
  const { raw } = await app.usableConfig()
  return usersAt(placesOfSecrets(raw).get(name) ?? [])
}

/** Throws `file_missing` or `file_unreadable`. */
export async function readSecretFile(path: string): Promise<string> {
  const value = await readValueFile(path).catch((error: unknown) => {
    throw readFault(path, error)
  })
  if (value === undefined) throw readFault(path, { code: 'ENOENT' })
  return value
}
