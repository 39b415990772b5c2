/** Where on the line the cursor stands: behind which command, and what is expected there. */
import type { Argument, Command, Option } from 'commander'
import { defaultOf } from '../output/usage.ts'

export type Spot = {
  /** The command that the words lead to. */
  command: Command
  /** What the cursor stands in, as far as it is written. */
  current: string
  /** Arguments of the command that stand before it. */
  before: readonly string[]
  /** Flags that stand before it, by their long names. */
  given: ReadonlyMap<string, string | undefined>
  expected:
    | { what: 'value'; of: Option; prefix: string }
    | { what: 'flag' }
    | { what: 'word'; argument: Argument | undefined }
}

/**
 * Reads the words behind the program's name. The last one is the one to complete, and may be empty. `more` are flags the
 * command has beside those it was made with.
 */
export function findSpot(
  program: Command,
  words: readonly string[],
  more: readonly Option[] = [],
): Spot {
  const optionOf = (command: Command, flag: string): Option | undefined =>
    [...optionsOf(command), ...more].find(({ long, short }) => flag === long || flag === short)
  const current = words.at(-1) ?? ''
  const given = new Map<string, string | undefined>()
  const before: string[] = []
  let command = program
  let awaited: Option | undefined
  let isPastFlags = false
  for (const word of words.slice(0, -1)) {
    if (awaited) {
      given.set(nameOf(awaited), word)
      awaited = undefined
    } else if (word === '--' && !isPastFlags) isPastFlags = true
    else if (!isPastFlags && isFlag(word)) {
      const [flag, value] = parted(word)
      const option = optionOf(command, flag)
      if (!option) continue
      given.set(nameOf(option), value)
      if (option.required && value === undefined) awaited = option
    } else {
      const next = before.length === 0 ? childOf(command, word) : undefined
      if (next) command = next
      else before.push(word)
    }
  }
  const spot = { command, current, before, given }
  if (awaited) return { ...spot, expected: { what: 'value', of: awaited, prefix: '' } }
  if (!isPastFlags && isFlag(current)) {
    const [flag, value] = parted(current)
    const option = optionOf(command, flag)
    if (value === undefined) return { ...spot, expected: { what: 'flag' } }
    if (option?.required)
      return { ...spot, expected: { what: 'value', of: option, prefix: `${flag}=` } }
  }
  return { ...spot, expected: { what: 'word', argument: argumentOf(command, before.length) } }
}

/** The options a command takes: its own, those of its default subcommand, and those of the commands above it. */
export function optionsOf(command: Command): Option[] {
  const own = [command, defaultOf(command)].filter((each) => each !== undefined)
  const above: Command[] = []
  for (let each = command.parent; each; each = each.parent) above.push(each)
  const help = command.createHelp()
  return [
    ...own.flatMap((each) => help.visibleOptions(each)),
    ...above.flatMap((each) => each.options.filter(({ hidden }) => !hidden)),
  ].filter((option, at, all) => all.findIndex((other) => nameOf(other) === nameOf(option)) === at)
}

/** How a flag is called: by its long name where it has one. */
export const nameOf = (option: Option): string => option.long ?? option.short ?? ''

const childOf = (command: Command, word: string): Command | undefined =>
  command.commands.find((each) => each.name() === word || each.aliases().includes(word))

const isFlag = (word: string): boolean => word.startsWith('-') && word !== '-'

function parted(word: string): [flag: string, value: string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

function argumentOf(command: Command, position: number): Argument | undefined {
  const { registeredArguments: known } = defaultOf(command) ?? command
  const last = known.at(-1)
  return known[position] ?? (last?.variadic ? last : undefined)
}
