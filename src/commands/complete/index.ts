/** `caravan __complete <word>…`: what the completion scripts ask. It prints candidates, or nothing; never an error. */
import type { Argument, Command, Option } from 'commander'
import type { Candidate, NameKind } from '../../app/complete.ts'
import type { Cli } from '../cli.ts'
import { flagSourceOf, schemaOptions } from '../schema-flags.ts'
import { defaultOf } from '../output/usage.ts'
import { placeholderOf, valueKinds } from './kinds.ts'
import { findSpot, nameOf, optionsOf, type Spot } from './spot.ts'

export async function printCandidates(
  program: Command,
  cli: Cli,
  words: readonly string[],
): Promise<void> {
  const known = findSpot(program, words)
  // What stands on the line is looked up in the project that the line names.
  const config = known.given.get('--config')
  if (config !== undefined) program.setOptionValue('config', config)
  const more = await furtherFlags(cli, known, words)
  const spot = more.length > 0 ? findSpot(program, words, more) : known
  const { current } = spot
  const lines = (await candidatesAt(cli, spot, more))
    .filter(({ value }) => value.startsWith(current) || value.startsWith(':'))
    .map(({ value, about }) => (about ? `${value}\t${about.replaceAll(/\s+/g, ' ')}` : value))
  cli.io().out(lines.map((line) => `${line}\n`).join(''))
}

/**
 * The flags of the job, adapter or service that the line names. Its schema has to be loaded for them, so that is done
 * only where the cursor stands in a flag or behind one.
 */
async function furtherFlags(cli: Cli, spot: Spot, words: readonly string[]): Promise<Option[]> {
  const source = flagSourceOf(spot.command)
  const [name] = spot.before
  if (!source || name === undefined || !words.slice(-2).some((word) => word.startsWith('-'))) {
    return []
  }
  return orNone(async () => {
    const { listFields } = await import('../../app/complete.ts')
    return schemaOptions(await cli.withApp((app) => listFields(app, source, name)))
  })
}

async function candidatesAt(cli: Cli, spot: Spot, more: readonly Option[]): Promise<Candidate[]> {
  const { command, before, expected, given } = spot
  const flags = () => flagsOf([...more, ...optionsOf(command)], given)
  if (expected.what === 'flag') return flags()
  if (expected.what === 'value') {
    const { of, prefix } = expected
    const values = await valuesOf(cli, of.argChoices, placeholderOf(of.flags))
    return values.map((each) =>
      each.value.startsWith(':') ? each : { ...each, value: `${prefix}${each.value}` },
    )
  }
  const hasChildrenAlone = command.commands.length > 0 && command.registeredArguments.length === 0
  const isAstray = before.length > 0 && hasChildrenAlone && !defaultOf(command)
  if (isAstray) return []
  const { argument } = expected
  if (argument && kindOf(shown(argument)) === 'input') return inputsOf(before)
  const words = [
    ...(before.length === 0 ? childrenOf(command) : []),
    ...(argument ? await valuesOf(cli, argument.argChoices, placeholderOf(shown(argument))) : []),
  ].filter(({ value }) => !before.includes(value))
  // Where no word is expected any more, flags still may be.
  return words.length === 0 && !argument ? flags() : words
}

const shown = (argument: Argument): string => `<${argument.name()}>`

function childrenOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help')
    .map((child) => ({ value: child.name(), about: child.summary() }))
}

function flagsOf(options: readonly Option[], given: Spot['given']): Candidate[] {
  const isOpen = (option: Option) => option.variadic || !given.has(nameOf(option))
  return options
    .filter((option) => !option.hidden && isOpen(option))
    .map((option) => ({ value: nameOf(option), about: option.description }))
}

async function valuesOf(
  cli: Cli,
  choices: readonly string[] | undefined,
  placeholder: string | undefined,
): Promise<Candidate[]> {
  if (choices) return choices.map((value) => ({ value }))
  const kind = valueKinds[placeholder ?? ''] ?? 'free'
  if (kind === 'free' || kind === 'input') return []
  if (kind === 'files' || kind === 'folders') return [{ value: `:${kind}` }]
  return namesOf(cli, kind)
}

const kindOf = (flags: string) => valueKinds[placeholderOf(flags) ?? '']

/** The keys of the operation that was named, but for those that have their value. */
const inputsOf = ([operation = '', ...given]: readonly string[]): Promise<Candidate[]> =>
  orNone(async () => {
    const { listInputs } = await import('../../app/complete.ts')
    const keys = await listInputs(operation)
    return keys.filter(({ value }) => !given.some((word) => word.startsWith(value)))
  })

const namesOf = (cli: Cli, kind: NameKind): Promise<Candidate[]> =>
  orNone(async () => {
    const { listNames } = await import('../../app/complete.ts')
    const names = await cli.withApp((app) => listNames(app, kind))
    return names.filter(({ value }) => plainName.test(value))
  })

/** A shell would take anything else apart, or run it; a name like that can only stand in a file with faults. */
const plainName = /^[\p{L}\p{N}._:@+-]+$/u

/** A project that is not there, or broken, has no names; this is not the place to say so. */
const orNone = <T>(list: () => Promise<T[]>): Promise<T[]> => list().catch(() => [])
