import { CaravanError } from '../../core/errors.ts'
import type { Io } from './io.ts'

/** Asks for consent on a terminal. Elsewhere silence is never a yes: the flag must say it. */
export async function consent(
  io: Io,
  question: string,
  given: boolean | undefined,
  flag: string,
): Promise<void> {
  if (given) return
  if (!io.mayAsk) {
    throw new CaravanError({
      code: 'consent_missing',
      message: `${question.replace(/\?$/, '')}: nobody was asked, because this is not a terminal`,
      hint: `Say it with ${flag}.`,
    })
  }
  const { confirm } = await import('@inquirer/prompts')
  const isAgreed = await confirm({ message: question, default: false }, { output: process.stderr })
  if (!isAgreed)
    throw new CaravanError({ code: 'consent_missing', message: 'not confirmed; nothing was done' })
}

/** Reads all of stdin as text, without the line end that `echo` adds. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/** Asks for a secret without showing it; from a pipe, reads it. */
export async function askSecret(io: Io, question: string): Promise<string> {
  if (process.stdin.isTTY !== true) return readStdin()
  if (!io.mayAsk)
    throw new CaravanError({
      code: 'value_missing',
      message: `${question}: no value was given`,
      hint: 'Pipe it in, or use --file.',
    })
  const { password } = await import('@inquirer/prompts')
  return password({ message: question, mask: '*', toggleMask: false }, { output: process.stderr })
}
