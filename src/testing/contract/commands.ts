/** Every command of the program, read from the parser that it runs with. */
import { Command } from 'commander'
import type { Cli } from '../../commands/cli.ts'
import { registerCommands } from '../../commands/index.ts'

export type LeafCommand = {
  /** As it is typed behind `caravan`. */
  words: string
  command: Command
  /** It takes `--json`. */
  hasJson: boolean
  /** It takes `--output` with jsonl and csv. */
  isList: boolean
  /** It cannot be run with its words alone. */
  needsArguments: boolean
  /** Not shown in the help: it is there for shells, not for people. */
  isHidden: boolean
}

export function leafCommands(): LeafCommand[] {
  const program = new Command('caravan')
  registerCommands(program, {} as Cli)
  return leaves(program, [])
}

function leaves(command: Command, above: readonly string[]): LeafCommand[] {
  const shown = command.createHelp().visibleCommands(command)
  return command.commands.flatMap((child) => {
    const path = [...above, child.name()]
    const own = child.commands.length > 0 ? leaves(child, path) : []
    // A command with others below it may do something by itself too.
    if (own.length > 0 && !hasAction(child)) return own
    const flags = child.options.map(({ long }) => long)
    const leaf = {
      words: path.join(' '),
      command: child,
      hasJson: flags.includes('--json'),
      isList: child.options.some(
        ({ long, argChoices }) => long === '--output' && argChoices?.includes('jsonl'),
      ),
      needsArguments: child.registeredArguments.some(({ required }) => required),
      isHidden: !shown.includes(child),
    }
    return [leaf, ...own]
  })
}

/** The parser keeps this to itself. */
const hasAction = (command: Command): boolean =>
  Boolean((command as unknown as { _actionHandler: unknown })._actionHandler)
