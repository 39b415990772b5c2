import type { Command, CommanderError, Option } from 'commander'
import { CaravanError } from '../../core/errors.ts'
import { choiceMeant, commandMeant, flagMeant } from './meant.ts'

/** Help and version end the parser by an error too; they have been printed and are none. */
export const isHelp = ({ code }: CommanderError): boolean =>
  ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(code)

export type Asked = {
  /** The command that shows what could have been written. */
  help: string
  /** The flags that could have been written. */
  flags: readonly Option[]
  /** The right command for a mistyped one. */
  meant?: string
}

/** What was asked of the whole program. */
export function askedOf(
  program: Command,
  words: readonly string[],
  error: Pick<CommanderError, 'code'>,
): Asked {
  const command = commandOf(program, words)
  return {
    help: `${pathOf(command)} --help`,
    flags: flagsOf(command),
    meant: commandMeant(program, words, error),
  }
}

/** What the parser found wrong with the words, as an error like any other. */
export function usageError(error: CommanderError, { help, flags, meant }: Asked): CaravanError {
  const message = error.message.replace(/^error: /, '')
  const near = meant ?? flagMeant(message, flags) ?? choiceMeant(message)
  const isValue =
    error.code === 'commander.excessArguments' && !near && help.includes(' secret set ')
  const hint = isValue
    ? 'The value is never an argument: others would see it. It is asked for, or piped in, or read with --file.'
    : [near && `Did you mean ${near}?`, `Shown by: ${help}`].filter(Boolean).join(' ')
  return new CaravanError({ code: 'usage', message: plain(message), hint })
}

/** `caravan secret list`. */
export function pathOf(command: Command): string {
  const names: string[] = []
  for (let each: Command | null = command; each; each = each.parent) names.unshift(each.name())
  return names.join(' ')
}

/** The flags of a command, and those that every command takes. */
export function flagsOf(command: Command): Option[] {
  const flags: Option[] = [...command.createHelp().visibleOptions(command)]
  for (let each = command.parent; each; each = each.parent) flags.push(...each.options)
  return flags
}

/** The words of the command alone, such as `config rollback`. */
export const commandNamed = (program: Command, words: readonly string[]): string =>
  pathOf(commandOf(program, words)).replace(/^\S+ ?/, '')

/** `option '--limit <n>' argument 'x' is invalid. It must…` → `--limit x: it must…`. */
function plain(message: string): string {
  const invalid =
    /^(?:option '(?:-\w, )?(--[\w-]+)[^']*' argument|command-argument value) '(.*)' is invalid(?: for argument '[^']*')?\. (.*)$/s.exec(
      message,
    )
  // Neither a word too many nor what stands behind a misspelled flag is repeated: it may be a secret.
  if (!invalid) {
    return message
      .replace(/( but got \d+): .*$/s, '$1')
      .replace(/(--[\w-]+)=[^']*/s, '$1')
      .replaceAll("'", '')
      .replace(/\.$/, '')
  }
  const [, flag, value, why = ''] = invalid
  const what = [flag, value].filter(Boolean).join(' ')
  return `${what}: ${why.charAt(0).toLowerCase()}${why.slice(1).replace(/\.$/, '')}`
}

/** The command that the words lead to, as far as they do. */
function commandOf(program: Command, words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next) command = next
    else if (!word.startsWith('-') && command !== program) break
  }
  return defaultOf(command) ?? command
}

/** The subcommand that runs when none is named. */
export function defaultOf(command: Command): Command | undefined {
  const { _defaultCommandName: name } = command as { _defaultCommandName?: string | null }
  return name ? command.commands.find((each) => each.name() === name) : undefined
}
