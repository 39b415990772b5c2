/** Keys from passphrases, and where passphrases come from. */
import { createSecretKey, randomBytes, scrypt } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { join, resolve } from 'node:path'
import { CaravanError } from '../../core/errors.ts'
import { readPrivateFile } from './key-file.ts'

/** How a passphrase becomes a key, as it stands in the state. */
export type Kdf = { name: 'scrypt'; n: number; r: number; p: number; salt: string }

/** In characters. */
export const shortestPassphrase = 12
export const passphraseCredential = 'caravan-passphrase'

/** About 0.3 s and 128 MB for each try, unless a test says a smaller `n`, a power of two. */
export const newKdf = (n = 2 ** 17): Kdf => ({
  name: 'scrypt',
  n,
  r: 8,
  p: 1,
  salt: randomBytes(16).toString('base64url'),
})

/** Slow and large on purpose: for unlocking alone, never for a list. Throws `secret_damaged` for parameters not ours. */
export async function deriveKey(passphrase: string, kdf: unknown): Promise<KeyObject> {
  const { n, r, p, salt } = readKdf(kdf)
  const derived = await new Promise<Buffer>((done, reject) => {
    const options = { N: n, r, p, maxmem: 256 * n * r }
    // Two keyboards may send the same letter in different bytes.
    const text = passphrase.normalize('NFKC')
    scrypt(text, Buffer.from(salt, 'base64url'), 32, options, (error, key) =>
      error ? reject(error) : done(key),
    )
  })
  const key = createSecretKey(derived)
  derived.fill(0)
  return key
}

/** Throws `input_invalid` for one that is too short to withstand guessing. */
export function requireStrong(passphrase: string): void {
  if ([...passphrase].length >= shortestPassphrase) return
  throw new CaravanError({
    code: 'input_invalid',
    message: `a passphrase has at least ${shortestPassphrase} characters`,
    hint: 'Five random words are easy to keep in mind and hard to guess.',
  })
}

export type PassphraseSearch = {
  passphrase?: { text: string; source: string }
  /** The places without one, a line for each. */
  looked: string[]
}

/**
 * A passphrase that needs no asking: from CARAVAN_PASSPHRASE_FILE, the systemd credential caravan-passphrase, or
 * CARAVAN_PASSPHRASE. Throws `key_missing` or `key_unsafe` for a file that is named and cannot be used.
 */
export async function lookForPassphrase(
  env: Readonly<Record<string, string | undefined>>,
): Promise<PassphraseSearch> {
  const looked: string[] = []
  if (env.CARAVAN_PASSPHRASE_FILE) {
    const path = resolve(env.CARAVAN_PASSPHRASE_FILE)
    const source = `CARAVAN_PASSPHRASE_FILE (${path})`
    const text = await readPassphraseFile(path, source)
    if (text !== undefined) return { passphrase: { text, source }, looked }
    looked.push(`  ${path}  (CARAVAN_PASSPHRASE_FILE): there is no such file`)
  } else looked.push('  CARAVAN_PASSPHRASE_FILE: not set')

  const folder = env.CREDENTIALS_DIRECTORY
  if (folder) {
    const path = join(folder, passphraseCredential)
    const source = `the systemd credential ${passphraseCredential}`
    const text = await readPassphraseFile(path, source, false)
    if (text !== undefined) return { passphrase: { text, source }, looked }
    looked.push(`  ${path}  (systemd credential): there is no such file`)
  } else {
    looked.push(`  systemd credential ${passphraseCredential}: CREDENTIALS_DIRECTORY is not set`)
  }
  const text = env.CARAVAN_PASSPHRASE
  if (text) return { passphrase: { text, source: 'CARAVAN_PASSPHRASE' }, looked }
  looked.push('  CARAVAN_PASSPHRASE: not set')
  return { looked }
}

/** Without the last line end; undefined when there is no such file. */
export async function readPassphraseFile(
  path: string,
  source: string,
  mustBePrivate = true,
): Promise<string | undefined> {
  const text = await readPrivateFile(path, 'passphrase file', source, mustBePrivate)
  return text?.replace(/\r?\n$/, '')
}

/** What another has written into the state must not take all memory. */
function readKdf(kdf: unknown): Kdf {
  const { name, n = 0, r, p, salt } = (kdf ?? {}) as Partial<Kdf>
  const isOurs =
    name === 'scrypt' && r === 8 && p === 1 && typeof salt === 'string' && n >= 2 && n <= 2 ** 20
  if (isOurs) return { name, n, r, p, salt }
  throw new CaravanError({
    code: 'secret_damaged',
    message: 'a passphrase slot does not say how its key is made: it was altered',
    hint: 'Unlock with another slot, or restore a backup of the state file.',
  })
}
