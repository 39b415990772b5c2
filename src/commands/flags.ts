import { type Command, InvalidArgumentError, Option } from 'commander'
import type { OutputFlags } from './output/print.ts'

/** `--json` and `--output`, for commands that print a list. */
export const withListOutput = (command: Command): Command =>
  command.option('--json', 'print one JSON object').addOption(
    new Option('--output <format>', 'how to print')
      .choices(['table', 'json', 'jsonl', 'csv'])
      .conflicts('json'), // two wishes: neither is better than the other
  )

/** `--json`, for commands that print one thing. */
export const withJson = (command: Command): Command =>
  command.option('--json', 'print one JSON object')

export type { OutputFlags }

/** A whole number from 1. */
export function count(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.')
  return value
}

/** Adds examples below the help of a command. */
export const withExamples = (command: Command, ...examples: string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`)
