/** When credentials end: told by the vendor, by the certificate itself, or by the operator. */
import { X509Certificate } from 'node:crypto'
import { parsePlaceholders } from '../config/placeholders.ts'
import { entriesOf, isGroup } from '../config/tree.ts'
import type { CheckReport } from '../core/adapter.ts'
import { toInstant } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { parseInstant } from '../core/parse-instant.ts'
import { noteSecretExpiry } from '../store/secrets.ts'
import type { App } from './app.ts'

export type Expires = NonNullable<CheckReport['expires']>

/**
 * Keeps what a connection test told of credentials that end, with the secrets that the fields name. A field that holds
 * no stored secret is passed over. `config`: that of the service as it stands in the file now, when the caller has just
 * written it.
 */
export async function noteExpiry(
  app: App,
  service: string,
  expires: Expires | undefined,
  config?: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (!expires || expires.length === 0) return
  const known = config ?? (await configOf(app, service))
  const { db } = await app.state()
  for (const { field, at } of expires) {
    const name = storedSecretOf(known[field])
    // A vendor that sends nonsense must not fail the test that passed; an end beyond the calendar is none.
    if (name === undefined || !(at.getTime() < endOfCalendarMs)) continue
    await noteSecretExpiry(db, name, toInstant(at))
  }
}

/** Text that sorts as time has four digits of year. */
const endOfCalendarMs = Date.UTC(9999, 11, 31)

/** The secret that a value is, and nothing else; undefined for any other value. */
export function storedSecretOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const parts = parsePlaceholders(value)
  if (typeof parts === 'string' || parts.length !== 1) return undefined
  return parts[0]?.type === 'secret' ? parts[0].name : undefined
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** When a certificate ends, or the first to end of a chain; undefined for what holds none. */
export function endOfCertificate(value: string): Date | undefined {
  const ends = [...value.matchAll(pemBlock)].flatMap(([block]) => {
    try {
      return [Date.parse(new X509Certificate(block).validTo)]
    } catch {
      return [] // it says that it is one; what it is good for, its vendor will say
    }
  })
  const known = ends.filter((end) => !Number.isNaN(end))
  return known.length > 0 ? new Date(Math.min(...known)) : undefined
}

/** Reads `--expires`: a day, which ends it as it begins in UTC, or an instant. Throws `usage`. */
export function parseExpires(text: string): Date {
  const at = parseInstant(text, 'UTC')
  if (at) return at
  throw new CaravanError({
    code: 'usage',
    message: `--expires ${text} is no day`,
    hint: 'Write it like 2027-01-31 or 2027-01-31T18:00:00Z.',
  })
}

/** Of two ends the earlier one; null: neither is known. */
export function earlierEnd(...ends: readonly (Date | undefined)[]): string | null {
  const known = ends.flatMap((end) => (end ? [end.getTime()] : []))
  return known.length > 0 ? toInstant(new Date(Math.min(...known))) : null
}

async function configOf(app: App, service: string): Promise<Record<string, unknown>> {
  const { raw } = await app.usableConfig()
  const [, entry] = entriesOf(raw.services).find(([name]) => name === service) ?? []
  return isGroup(entry) && isGroup(entry.config) ? entry.config : {}
}
