import { CaravanError } from '../core/errors.ts'
import { readValueFile } from '../config/sources.ts'
import type { App } from './app.ts'
import { unknownName } from './catalogue.ts'

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/

export type SecretInfo = { name: string; updated_at: string; used_by: string[] }

/** The names of all secrets with the services that use them. */
export async function listSecrets(app: App): Promise<SecretInfo[]> {
  const stored = await (await app.secrets()).list()
  const users = await usersOfSecrets(app)
  return stored.map(({ name, updatedAt }) => ({
    name,
    updated_at: updatedAt,
    used_by: users.get(name) ?? [],
  }))
}

/** Stores a value under a name. True when the name is new. */
export async function setSecret(app: App, name: string, value: string): Promise<boolean> {
  if (!namePattern.test(name)) {
    throw new CaravanError({
      code: 'usage',
      message: `${name} cannot be the name of a secret`,
      hint: 'Names are letters, digits, dots, hyphens and underscores, such as haier.password.',
    })
  }
  if (value === '') {
    throw new CaravanError({
      code: 'value_missing',
      message: `the value of ${name} is empty; nothing was stored`,
      hint: 'Type it at the prompt, pipe it in, or use --file.',
    })
  }
  return (await app.secrets()).write(name, value)
}

/** Throws `secret_unknown` with the nearest right name. */
export async function removeSecret(app: App, name: string): Promise<void> {
  const store = await app.secrets()
  if (await store.remove(name)) return
  const known = (await store.list()).map((secret) => secret.name)
  throw unknownName('secret', name, known, 'secret_unknown', 'caravan secret list')
}

export async function secretUsers(app: App, name: string): Promise<string[]> {
  return (await usersOfSecrets(app)).get(name) ?? []
}

/** Throws `file_unreadable`. */
export async function readSecretFile(path: string): Promise<string> {
  const value = await readValueFile(path).catch((error: unknown) => {
    throw unreadable(path, error instanceof Error ? error.message : String(error))
  })
  if (value === undefined) throw unreadable(path, 'there is no such file')
  return value
}

const unreadable = (path: string, why: string): CaravanError =>
  new CaravanError({ code: 'file_unreadable', message: `cannot read ${path}: ${why}` })

/** Which services name a secret: by the placeholders as they stand in the file. */
async function usersOfSecrets(app: App): Promise<Map<string, string[]>> {
  const { raw } = await app.usableConfig()
  const services = (raw.services ?? {}) as Record<string, unknown>
  const users = new Map<string, string[]>()
  for (const [service, entry] of Object.entries(services)) {
    for (const [, name = ''] of JSON.stringify(entry).matchAll(/\$\{secret:([^}]+)\}/g)) {
      const known = users.get(name) ?? []
      if (!known.includes(service)) users.set(name, [...known, service])
    }
  }
  return users
}
