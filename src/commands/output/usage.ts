import type { Command, CommanderError } from 'commander'
import { CaravanError } from '../../core/errors.ts'

/** Help and version end the parser by an error too; they have been printed and are none. */
export const isHelp = ({ code }: CommanderError): boolean =>
  ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(code)

/** What the parser found wrong with the words, as an error like any other. `help` is the command that shows them all. */
export function usageError(error: CommanderError, help: string): CaravanError {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const near = suggestion?.replaceAll(/^\(|\)$/g, '')
  const isValue = error.code === 'commander.excessArguments' && help.includes(' secret set ')
  const hint = isValue
    ? 'The value is never an argument: others would see it. It is asked for, or piped in, or read with --file.'
    : [near, `Shown by: ${help}`].filter(Boolean).join(' ')
  return new CaravanError({ code: 'usage', message: plain(message), hint })
}

/** How to ask for the help of the command that the words lead to. */
export const helpFor = (program: Command, words: readonly string[]): string =>
  `${pathOf(commandOf(program, words))} --help`

/** `option '--limit <n>' argument 'x' is invalid. It must…` → `--limit x: It must…`. */
function plain(message: string): string {
  const option = /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. (.*)$/s.exec(
    message,
  )
  // Neither a word too many nor what stands behind a misspelled flag is repeated: it may be a secret.
  if (!option) {
    return message
      .replace(/( but got \d+): .*$/s, '$1')
      .replace(/(--[\w-]+)=[^']*/s, '$1')
      .replaceAll("'", '')
      .replace(/\.$/, '')
  }
  const [, flag, value, why = ''] = option
  return `${flag} ${value}: ${why.charAt(0).toLowerCase()}${why.slice(1).replace(/\.$/, '')}`
}

/** The command that the words lead to, as far as they do. */
function commandOf(program: Command, words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next) command = next
    else if (!word.startsWith('-') && command !== program) break
  }
  return command
}

function pathOf(command: Command): string {
  const names: string[] = []
  for (let each: Command | null = command; each; each = each.parent) names.unshift(each.name())
  return names.join(' ')
}
