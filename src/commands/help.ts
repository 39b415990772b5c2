import { type Command, CommanderError } from 'commander'
import { askedOf, usageError } from './output/usage.ts'

/**
 * `help key rotate` as `key rotate --help`: commander's own help command knows one level, and shows the help of the whole
 * program for a word it does not know. Throws `usage` for such a word.
 */
export function spellHelp(program: Command, words: readonly string[]): readonly string[] {
  const [help, ...names] = words
  if (help !== 'help' || names.length === 0 || names[0] === 'help') return words
  let command = program
  for (const name of names) {
    const next = command.commands.find((each) => each.name() === name)
    if (!next && command.commands.length > 0 && !name.startsWith('-')) {
      const error = new CommanderError(2, 'commander.unknownCommand', `unknown command ${name}`)
      throw usageError(error, askedOf(program, names, error))
    }
    command = next ?? command
  }
  return [...names, '--help']
}
