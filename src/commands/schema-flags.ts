/** Flags that come from a schema: the fields of an adapter, the options of a job, the switches of a twin. */
import { Command, CommanderError, Option } from 'commander'
import type { FormField } from '../app/forms.ts'
import { CaravanError } from '../core/errors.ts'
import { refuseEmpty } from './empty-values.ts'
import { flagsOf, usageError } from './output/usage.ts'

/** What the first word of such a command names, and the flags come from. */
export type FlagSource = 'job' | 'adapter' | 'twin' | 'service'

const sources = new WeakMap<Command, FlagSource>()

/** Turns a command into one that also takes flags it only learns of once its first word is known. */
export function withSchemaFlags(command: Command, source: FlagSource): Command {
  sources.set(command, source)
  return command
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .option('-h, --help', 'show this help, with the flags of what is named')
}

/** Where the further flags of a command come from; undefined: it has none. */
export const flagSourceOf = (command: Command): FlagSource | undefined => sources.get(command)

/** The flags that these fields make. */
export const schemaOptions = (fields: readonly FormField[]): Option[] => [
  ...flagParser(fields).options,
]

/**
 * Reads the words commander did not know as flags of these fields. Keys come out as in the schema. `help` is the command
 * that shows them all; the flags of `command` itself are proposed too where one was mistyped.
 */
export function parseSchemaFlags(
  fields: readonly FormField[],
  words: readonly string[],
  help: string,
  command: Command,
): Record<string, unknown> {
  const parser = flagParser(fields)
  try {
    parser.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.excessArguments') throw tooMany(command, help)
    throw usageError(error, { help, flags: [...parser.options, ...flagsOf(command)] })
  }
  refuseEmpty(parser)
  const given = parser.opts<Record<string, unknown>>()
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = given[camel(field.name)]
      return value === undefined ? [] : [[field.name, value]]
    }),
  )
}

/** What the words are is not repeated: one may be a secret. */
function tooMany(command: Command, help: string): CaravanError {
  const names = command.registeredArguments.map((each) => `[${each.name()}]`).join(' ')
  return new CaravanError({
    code: 'usage',
    message: `too many arguments: caravan ${command.name()} takes ${names}, then flags`,
    hint: `Shown by: ${help}`,
  })
}

/** The help of a command, with the flags of these fields in a section of their own. */
export function schemaHelp(
  command: Command,
  title: string,
  fields: readonly FormField[],
  more = '',
): string {
  const parser = flagParser(fields)
  const help = parser.createHelp()
  help.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() })
  const width = help.longestOptionTermLength(parser, help)
  const lines = help
    .visibleOptions(parser)
    .map((option) =>
      help.formatItem(help.optionTerm(option), width, help.optionDescription(option), help),
    )
  const flags = `${title}:\n${lines.join('\n')}\n`
  return wholeHelp(command, more === '' ? flags : `${flags}\n${more}`)
}

/** A help with other examples: those of one adapter or service, where it stands for that one alone. */
export function withOwnExamples(help: string, ...lines: string[]): string {
  const [head = ''] = help.split(/(?=\nExamples:\n)/)
  return `${head}\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join('')}`
}

/** The help of a command with what was added behind it, such as its examples, and a section of our own between. */
export function wholeHelp(command: Command, section = ''): string {
  let text = ''
  const { writeOut, ...rest } = command.configureOutput()
  command.configureOutput({ ...rest, writeOut: (part) => void (text += part) })
  command.outputHelp()
  command.configureOutput({ ...rest, writeOut })
  const [head, ...examples] = text.split(/(?=\nExamples:\n)/)
  return [head, section && `\n${section}`, ...examples].join('')
}

function flagParser(fields: readonly FormField[]): Command {
  const parser = new Command('caravan')
    .exitOverride()
    .helpOption(false)
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
  for (const field of fields) for (const option of optionsOf(field)) parser.addOption(option)
  return parser
}

function optionsOf(field: FormField): Option[] {
  const flag = `--${field.name.replaceAll('_', '-')}`
  const text = describe(field)
  if (field.type === 'boolean') {
    return [
      new Option(flag, text),
      new Option(flag.replace('--', '--no-'), `not ${text}`).hideHelp(),
    ]
  }
  const option = new Option(`${flag} <${placeholders[field.type] ?? 'value'}>`, text)
  if (field.type === 'number') option.argParser(toNumber)
  if (field.type === 'list') option.argParser(toList)
  if (field.type === 'choice' && field.choices) option.choices(field.choices)
  return [option]
}

const placeholders: Partial<Record<FormField['type'], string>> = { list: 'a,b,…', group: 'json' }

function describe({ type, description, isSecret, example, defaultText }: FormField): string {
  const hints = [
    type === 'group' && 'a group: give it as JSON, or set it in the file',
    isSecret && '"-" reads stdin; or a ${placeholder}',
    example && `such as ${example}`,
    defaultText && `default ${defaultText}`,
  ].filter(Boolean)
  return [description, hints.length > 0 && `(${hints.join('; ')})`].filter(Boolean).join(' ')
}

/** Text that is no number is left for the schema to refuse, which says it better. */
const toNumber = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text)

const toList = (text: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  ...text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
]

const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
