/** What other parts need of the keys: sealing for this installation, and opening what was sealed for it. */
import { readPassphraseFile } from '../../config/secrets/passphrase.ts'
import { openSealed, type Recipient } from '../../config/secrets/recipient.ts'
import { CaravanError } from '../../core/errors.ts'
import { listKeySlots } from '../../store/keys.ts'
import type { Db } from '../../store/schema.ts'
import type { KeyApp } from './slots.ts'

export { addSlot, listSlots, planRemoval, removeSlot } from './slots.ts'
export { rotateKey } from './rotate.ts'

/**
 * The public halves of the keys that unlock this installation, oldest first: with them anybody may seal for it
 * (`sealFor`), without a key. A slot of an older version has none until it was used once.
 */
export async function recipientsOf(
  db: Db,
): Promise<{ slot: string; label: string; recipient: Recipient }[]> {
  const slots = await listKeySlots(db)
  return slots.flatMap(({ id, label, recipient }) =>
    recipient === null ? [] : [{ slot: id, label, recipient }],
  )
}

/**
 * Opens what was sealed for the key in use here. Undefined when it was sealed for another key, under another context, or
 * was altered. Throws `key_missing`, `key_wrong`, or what else is wrong with the key.
 */
export async function openForKeyInUse(
  app: KeyApp,
  context: string,
  sealed: string,
): Promise<Buffer | undefined> {
  const { pair } = await (await app.secrets()).unlocked()
  return openSealed(pair, context, sealed)
}

/** The file that CARAVAN_NEW_PASSPHRASE_FILE names. Throws `key_missing` or `key_unsafe`. */
export const readNewPassphrase = (path: string): Promise<string> =>
  readNamed('CARAVAN_NEW_PASSPHRASE_FILE', path)

/** The same for CARAVAN_PASSPHRASE_FILE. */
export const readGivenPassphrase = (path: string): Promise<string> =>
  readNamed('CARAVAN_PASSPHRASE_FILE', path)

async function readNamed(variable: string, path: string): Promise<string> {
  const source = `${variable} (${path})`
  const text = await readPassphraseFile(path, source)
  if (text !== undefined) return text
  throw new CaravanError({
    code: 'key_missing',
    message: `the passphrase file ${source} is not there`,
  })
}
