import type { Command } from 'commander'
import type { AddedService } from '../app/answers/services.ts'
import type { FormField } from '../app/forms.ts'
import { CaravanError } from '../core/errors.ts'
import { choose } from './choose.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import type { Io } from './output/io.ts'
import { printRecord, say } from './output/print.ts'
import { schemaHelp, wholeHelp, withOwnExamples, withSchemaFlags } from './schema-flags.ts'
import { readGiven } from './service-flags.ts'

type AddFlags = {
  answers?: string
  test: boolean
  saveUntested?: boolean
  json?: boolean
  help?: boolean
}

export function registerAdd(program: Command, cli: Cli): void {
  const command = program
    .command('add')
    .summary('Add a service: asks for its fields, tests it, saves it')
    .argument('[adapter]', 'which vendor, as in "caravan adapters"')
    .argument('[name]', 'name of the service (default: that of the adapter)')
    .option('--answers <file>', 'take values from a JSON file, by field name; "-" for stdin')
    .option('--no-test', 'save without testing the connection')
    .option('--save-untested', 'save also when the test fails')
  command.action(async (word: string | undefined, _name, flags: AddFlags) => {
    const io = cli.io()
    const { formOfAdapter } = await import('../app/forms.ts')
    if (flags.help) {
      if (!word) return io.out(wholeHelp(command))
      const help = schemaHelp(command, `Fields of ${word}`, await formOfAdapter(word))
      const main = `${word}-main`
      return io.out(
        withOwnExamples(
          help,
          `caravan add ${word}`,
          `caravan add ${word} ${main} --answers answers.json`,
          `caravan sandbox ${word} --answers answers.json`,
        ),
      )
    }
    const adapter = word ?? (await chooseAdapter(io))
    const fields = await formOfAdapter(adapter)
    const [name, words] = nameAndFlags(command.args.slice(1), adapter)
    const help = `caravan add ${adapter} --help`
    const given = await readGiven(command, fields, words, { answers: flags.answers, help })
    const added = await cli.withApp(async (app) => {
      const { addService, prepareAdd } = await import('../app/add.ts')
      const missing = fields.filter((field) => field.isRequired && given[field.name] === undefined)
      const storesSecrets = io.mayAsk && missing.some(({ isSecret }) => isSecret)
      await prepareAdd(app, { name, adapter, values: given }, { storesSecrets })
      const values = await complete(io, adapter, { fields, missing }, given)
      const test = flags.test ? (flags.saveUntested ? 'try' : 'must-pass') : 'skip'
      return addService(app, { name, adapter, values, test, say: (text) => say(io, text) })
    })
    await printRecord(
      io,
      {
        data: added,
        lines: [
          ['service', added.service],
          ['test', testText(added)],
          ['config', `${added.config}:${added.line}`],
          ['secrets', added.secrets.join(', ')],
        ],
      },
      flags,
    )
  })
  withExamples(
    withJson(withSchemaFlags(command, 'adapter')),
    'caravan add haier',
    'caravan add haier haier-test --environment test --answers answers.json',
    'caravan add haier --help',
  )
}

/** What came of the connection test, in a word. */
export const testText = (saved: Pick<AddedService, 'test' | 'test_failed'>): string =>
  saved.test_failed === null ? (saved.test ?? 'not made') : `failed: ${saved.test_failed}`

/** The words behind the adapter: a name if the first is none of the flags, then flags. */
function nameAndFlags(words: readonly string[], adapter: string): [string, readonly string[]] {
  const [first] = words
  return first === undefined || first.startsWith('-') ? [adapter, words] : [first, words.slice(1)]
}

async function chooseAdapter(io: Io): Promise<string> {
  const { listAdapters } = await import('../app/adapters.ts')
  const known = await listAdapters()
  const choices = known.map(({ id, title }) => ({ value: id, name: `${title} (${id})` }))
  return choose(io, 'Vendor', 'which adapter is to be added?', choices)
}

type Form = { fields: readonly FormField[]; missing: readonly FormField[] }

/** Asks for what is missing, then offers the rest; without a terminal, names every flag that is missing. */
async function complete(
  io: Io,
  adapter: string,
  { fields, missing }: Form,
  given: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  if (missing.length === 0) return given
  if (!io.mayAsk) throw valuesMissing(adapter, missing)
  const { askField, chooseFields } = await import('./output/ask-field.ts')
  const values = { ...given }
  for (const field of missing) values[field.name] = await askField(field)
  const optional = fields.filter((field) => values[field.name] === undefined)
  const offered = await chooseFields(optional, 'Other fields to fill in, if any')
  for (const field of offered) values[field.name] = await askField(field)
  return values
}

function valuesMissing(adapter: string, missing: readonly FormField[]): CaravanError {
  const flags = missing.map((field) => `--${field.name.replaceAll('_', '-')}`)
  const width = Math.max(...flags.map((flag) => flag.length))
  const lines = missing.map((field, at) => {
    const secret = field.isSecret ? ' (secret)' : ''
    return `  ${(flags[at] ?? '').padEnd(width)}  ${field.description ?? ''}${secret}`.trimEnd()
  })
  return new CaravanError({
    code: 'value_missing',
    message: `${adapter} needs more values:\n${lines.join('\n')}`,
    hint:
      'Give them as flags, or all of them with --answers file.json; a secret as "-" to pipe it in, ' +
      'or as a ${placeholder}.',
  })
}
