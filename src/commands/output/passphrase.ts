/** Asking for the passphrase of the secrets, and for a new one. */
import { CaravanError } from '../../core/errors.ts'
import type { Io } from './io.ts'
import { readStdin } from './prompt.ts'

/** Undefined where nobody can be asked. */
export const askPassphrase = async (io: Io, question: string): Promise<string | undefined> =>
  io.mayAsk ? askHidden(question) : undefined

/**
 * A new passphrase: from the file that CARAVAN_NEW_PASSPHRASE_FILE names, from stdin when something is piped in, or
 * asked for twice. Throws `value_missing` or `input_invalid`.
 */
export async function newPassphrase(
  io: Io,
  readFile: (path: string) => Promise<string>,
): Promise<string> {
  const path = io.env.CARAVAN_NEW_PASSPHRASE_FILE
  if (path) return readFile(path)
  if (process.stdin.isTTY !== true) {
    const text = await readStdin()
    if (text === '') throw nothingGiven()
    return text
  }
  if (!io.mayAsk) throw nothingGiven()
  const first = await askHidden('New passphrase, of at least 12 characters')
  const second = await askHidden('The same again')
  if (first === second) return first
  throw new CaravanError({
    code: 'input_invalid',
    message: 'the two passphrases differ; nothing was changed',
  })
}

/**
 * The passphrase of a bundle. What is piped in comes before CARAVAN_PASSPHRASE_FILE, for that may hold the one of the
 * secrets here. Throws `value_missing`.
 */
export async function bundlePassphrase(
  io: Io,
  readFile: (path: string) => Promise<string>,
): Promise<string> {
  const path = io.env.CARAVAN_PASSPHRASE_FILE
  const isPiped = process.stdin.isTTY !== true
  const given = isPiped ? await readStdin() : io.mayAsk ? await askHidden(bundleQuestion) : ''
  const text = given === '' && path ? await readFile(path) : given
  if (text !== '') return text
  throw new CaravanError({
    code: 'value_missing',
    message: 'the bundle was sealed with a passphrase, and none was given',
    hint: 'Type it on a terminal, pipe it in, or name a file that holds it with CARAVAN_PASSPHRASE_FILE.',
  })
}

const bundleQuestion = 'Passphrase of the bundle'

async function askHidden(message: string): Promise<string> {
  const { password } = await import('@inquirer/prompts')
  return password({ message, mask: '*', toggleMask: false }, { output: process.stderr })
}

const nothingGiven = (): CaravanError =>
  new CaravanError({
    code: 'value_missing',
    message: 'no new passphrase was given',
    hint: 'Pipe it in, or name a file that holds it with CARAVAN_NEW_PASSPHRASE_FILE.',
  })
