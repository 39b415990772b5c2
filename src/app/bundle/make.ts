import { open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Path, pathText } from '../../config/faults.ts'
import { parsePlaceholders, type Placeholder } from '../../config/placeholders.ts'
import { deriveKey, newKdf, requireStrong } from '../../config/secrets/passphrase.ts'
import { pairOf, sealFor } from '../../config/secrets/recipient.ts'
import { eachChild } from '../../config/tree.ts'
import { toInstant } from '../../core/clock.ts'
import { CaravanError, messageOf, systemCode } from '../../core/errors.ts'
import { version } from '../../version.ts'
import type { BundleReport } from '../answers/bundle.ts'
import type { App } from '../app.ts'
import { placesOfSecrets } from '../secret-users.ts'
import { type Carried, type Head, headText, sealContext, sealedText } from './format.ts'
import { liftSecrets } from './lift.ts'

export type BundleFor = { recipient: string } | { passphrase(): Promise<string> }

/**
 * Writes the config with the secrets that it names to a new file, sealed for one receiver. Throws `config_invalid`,
 * `key_malformed` for no recipient, `input_invalid` for a weak passphrase, `file_unwritable` when there is a file.
 */
export async function makeBundle(app: App, file: string, to: BundleFor): Promise<BundleReport> {
  const path = resolve(file)
  const loaded = await app.config()
  const store = await app.secrets()
  const { text, moved, maskedComments } = await liftSecrets(loaded, (name) => store.read(name))
  const stored = new Map((await store.list()).map((secret) => [secret.name, secret]))
  const named = [...placesOfSecrets(loaded.raw).keys()]
  const secrets: Carried = {}
  for (const name of named) {
    const value = await store.read(name)
    if (value !== undefined) {
      secrets[name] = { value, expires_at: stored.get(name)?.expiresAt ?? null }
    }
  }
  for (const { secret, value } of moved) secrets[secret] = { value, expires_at: null }

  const services = Object.keys(loaded.raw.services ?? {})
  const jobs = Object.keys(loaded.raw.jobs ?? {}).map((name) => ({
    name,
    schedule: loaded.config.jobs[name]?.schedule ?? null,
  }))
  const not_carried = placeholdersOf(loaded.raw)
  const { head, context } = await headFor(to, toInstant(app.clock.now()))
  const contents = [
    ['services', listed(services)],
    ['jobs', listed(jobs.map(({ name, schedule }) => `${name} (${schedule ?? 'by hand'})`))],
    ['secrets', listed(Object.keys(secrets))],
    ['not inside', listed(not_carried.map((one) => `${one.placeholder} (${one.path})`))],
  ] as const
  const bundle = headText(head, contents, text, (above) =>
    sealFor(head.recipient, context, sealedText(above, secrets)),
  )
  await writeNew(path, bundle)
  return {
    file: path,
    bytes: Buffer.byteLength(bundle),
    made_at: head.madeAt,
    recipient: 'recipient' in to ? to.recipient : null,
    services,
    jobs,
    secrets: Object.keys(secrets),
    moved: moved.map(({ path: at, secret }) => ({ path: at, secret })),
    masked_comments: maskedComments,
    not_stored: named.filter((name) => !(name in secrets)),
    not_carried,
  }
}

const listed = (names: readonly string[]): string => names.join(', ') || 'none'

async function headFor(to: BundleFor, madeAt: string): Promise<{ head: Head; context: string }> {
  const made = { madeAt, madeBy: version }
  if ('recipient' in to) {
    return { head: { ...made, recipient: to.recipient }, context: sealContext() }
  }
  const text = await to.passphrase()
  requireStrong(text)
  const kdf = newKdf()
  const key = await deriveKey(text, kdf)
  const head = { ...made, recipient: pairOf(key).recipient, passphrase: kdf }
  return { head, context: sealContext(key) }
}

/** Every placeholder whose value is not in the bundle, with the place that names it. */
export function placeholdersOf(raw: unknown): { placeholder: string; path: string }[] {
  const found: { placeholder: string; path: string }[] = []
  const look = (node: unknown, path: Path): void => {
    if (typeof node !== 'string') return eachChild(node, path, look)
    const parts = parsePlaceholders(node)
    if (typeof parts === 'string') return
    for (const part of parts) {
      if (part.type === 'text' || part.type === 'secret') continue
      found.push({ placeholder: written(part), path: pathText(path) })
    }
  }
  look(raw, [])
  return found
}

/** Without its default, which stands in the config. */
const written = (part: Placeholder): string =>
  part.type === 'env' ? `\${${part.name}}` : `\${${part.type}:${part.name}}`

/** A file of its own, for its owner alone; never one that is there. */
async function writeNew(path: string, text: string): Promise<void> {
  let isOurs = false
  try {
    const handle = await open(path, 'wx', 0o600)
    isOurs = true
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    // Half a bundle would be taken for one.
    if (isOurs) await rm(path, { force: true })
    const isThere = systemCode(error) === 'EEXIST'
    throw new CaravanError({
      code: 'file_unwritable',
      message: `${path} cannot be written: ${isThere ? 'there is a file already' : messageOf(error)}`,
      hint: isThere
        ? 'Name another file; nothing is overwritten.'
        : 'Name a file in a folder that this user may write into.',
      cause: error,
    })
  }
}
