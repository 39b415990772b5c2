import { CaravanError } from '../core/errors.ts'
import type { Io } from './output/io.ts'

/** Which of several things is meant, where the words do not say it. Without a terminal `question` is the error. */
export async function choose(
  io: Io,
  title: string,
  question: string,
  choices: readonly { value: string; name?: string }[],
): Promise<string> {
  if (!io.mayAsk) {
    throw nameMissing(
      question,
      choices.map(({ value }) => value),
    )
  }
  const { select } = await import('@inquirer/prompts')
  return select({ message: title, choices }, { output: process.stderr })
}

/** The error for a name that was not given, with those that could have been. */
export const nameMissing = (question: string, names: readonly string[]): CaravanError =>
  new CaravanError({
    code: 'value_missing',
    message: question,
    hint: `Name one of: ${names.join(', ')}.`,
  })
