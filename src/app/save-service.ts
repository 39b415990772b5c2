/**
 * Saves a service whose config names secrets, so that a kill at any moment leaves one of the two: everything as it was,
 * or everything as it shall be.
 *
 * The file and the store cannot be changed in one step, so one of the two must not matter until the other is changed.
 * - The file stays as it is: the new values replace the old ones under their names, in one transaction.
 * - The file changes: the new values are stored first, under names that it does not use yet. Nobody reads them until the
 *   file, which is replaced in one step, names them. What the old file named goes last. A kill before the file leaves
 *   secrets that nothing names, a kill after it the same; "caravan secret list" flags them. All of it happens under the
 *   lock of the file: another process that begins with the same file would choose the same names.
 */
import { parsePlaceholders } from '../config/placeholders.ts'
import { readConfigFile, sha256Of } from '../config/write.ts'
import { CaravanError } from '../core/errors.ts'
import type { App } from './app.ts'
import { editConfig } from './edit.ts'
import { earlierEnd, endOfCertificate } from './secret-expiry.ts'
import type { SecretValue } from './secret-store.ts'

export type Saving = {
  /** Under names that the file does not use, or as they are when the file stays. */
  secrets: readonly SecretValue[]
  /** Names that nothing uses any more afterwards. */
  dropped: readonly string[]
  /** Left out: the file stays as it is. */
  edit?(text: string): string
}

/** The text of the file as it is now; undefined when it was left as it was. Throws what stood in the way; nothing is changed then. */
export async function save(
  app: App,
  { secrets, dropped, edit }: Saving,
): Promise<string | undefined> {
  const store = await app.secrets()
  if (!edit) {
    await requireSameFile(app)
    await store.writeAll(secrets)
    return undefined
  }
  let text = ''
  await editConfig(
    app,
    (before) => (text = edit(before)),
    async (write) => {
      const leftovers: [name: string, value: string | undefined][] = []
      for (const { name } of secrets) leftovers.push([name, await store.read(name)])
      if (secrets.length > 0) await store.writeAll(secrets)
      try {
        await write()
      } catch (error) {
        // What comes after the renaming may fail too: then the file names the new ones.
        if (await isWritten(app, text)) throw error
        for (const [name, value] of leftovers) {
          await (value === undefined ? store.remove(name) : store.write(name, value))
        }
        throw error
      }
      // All is done; what cannot be removed is flagged as unused.
      for (const name of dropped) await store.remove(name).catch(() => undefined)
    },
  )
  return text
}

/** A person may have thought for minutes over a prompt: what the file names may be something else by now. */
async function requireSameFile(app: App): Promise<void> {
  const { sha256 } = await app.usableConfig()
  if (sha256Of(await readConfigFile(app.file())) === sha256) return
  throw new CaravanError({
    code: 'config_changed',
    message: `${app.file()} has changed since it was read; nothing was written`,
    hint: 'Look at it and run the command again.',
  })
}

/** Whether the file is this text now. */
export const isWritten = async (app: App, text: string): Promise<boolean> =>
  text !== '' &&
  (await readConfigFile(app.file()).then(
    (bytes) => sha256Of(bytes) === sha256Of(text),
    () => false,
  ))

/** `haier.password`, or `haier.password-2` when that is taken. */
export function freeSecretName(wanted: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(wanted)) return wanted
  let number = 2
  while (isTaken(`${wanted}-${number}`)) number += 1
  return `${wanted}-${number}`
}

/** A value as it was typed, ready for the store: `$${` stands for `${`, and a certificate says when it ends. */
export function toSecretValue(name: string, typed: unknown): SecretValue {
  const value = literalOf(String(typed))
  return { name, value, expiresAt: earlierEnd(endOfCertificate(value)) }
}

/** A text without placeholders, as it is when it is used. */
export function literalOf(text: string): string {
  const parts = parsePlaceholders(text)
  if (typeof parts === 'string') return text
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
