/** Values of a service's fields as `add` and `edit` take them: flags, an answers file, and one from stdin. */
import type { Command } from 'commander'
import type { FormField } from '../app/forms.ts'
import { CaravanError } from '../core/errors.ts'
import { readStdin } from './output/prompt.ts'
import { parseSchemaFlags } from './schema-flags.ts'

/** What the answers file says, and over it what the flags say. `help` is the command that shows the fields. */
export async function readGiven(
  command: Command,
  fields: readonly FormField[],
  words: readonly string[],
  { answers, help }: { answers?: string; help: string },
): Promise<Record<string, unknown>> {
  const { readAnswersFile, refuseBareSecrets } = await import('../app/service-form.ts')
  const flags = parseSchemaFlags(fields, words, help, command)
  refuseBareSecrets(fields, flags)
  const isStdin = answers === '-'
  const piped = await withStdin(fields, flags, isStdin ? 1 : 0)
  const read = answers === undefined ? {} : await readAnswersFile(answers, readStdin)
  return { ...read, ...piped }
}

/** A value given as `-` is read from stdin; only one can be. */
async function withStdin(
  fields: readonly FormField[],
  answers: Record<string, unknown>,
  taken: number,
): Promise<Record<string, unknown>> {
  const piped = fields.filter((field) => answers[field.name] === '-')
  const wanted = piped.length + taken
  if (wanted > 1) {
    throw new CaravanError({
      code: 'usage',
      message: `stdin can hold one value, not ${wanted}`,
      hint: 'Use --answers with a file for the others.',
    })
  }
  const [field] = piped
  return field ? { ...answers, [field.name]: await readStdin() } : answers
}
