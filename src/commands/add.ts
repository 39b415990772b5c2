import type { Command } from 'commander'
import type { FormField } from '../app/forms.ts'
import { CaravanError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import type { Io } from './output/io.ts'
import { printRecord, say } from './output/print.ts'
import { readStdin } from './output/prompt.ts'
import { parseSchemaFlags, schemaHelp, withSchemaFlags } from './schema-flags.ts'

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
    .option('--answers <file>', 'take values from a JSON file, by field name')
    .option('--no-test', 'save without testing the connection')
    .option('--save-untested', 'save also when the test fails')
  command.action(async (given: string | undefined, _name, flags: AddFlags) => {
    const io = cli.io()
    const { formOfAdapter } = await import('../app/forms.ts')
    if (flags.help) {
      io.out(
        given
          ? schemaHelp(command, `Fields of ${given}`, await formOfAdapter(given))
          : command.helpInformation(),
      )
      return
    }
    const adapter = given ?? (await chooseAdapter(io))
    const fields = await formOfAdapter(adapter)
    const [name, words] = nameAndFlags(command.args.slice(1), adapter)
    const answers = {
      ...(flags.answers && (await readAnswers(flags.answers))),
      ...parseSchemaFlags(fields, words),
    }
    const values = await complete(io, adapter, fields, await withStdin(fields, answers))
    const added = await cli.withApp(async (app) => {
      const { addService } = await import('../app/add.ts')
      const test = flags.test ? (flags.saveUntested ? 'try' : 'must-pass') : 'skip'
      return addService(app, { name, adapter, values, test, say: (text) => say(io, text) })
    })
    await printRecord(
      io,
      {
        data: added,
        lines: [
          ['service', added.service],
          ['test', added.test ?? 'not made'],
          ['config', `${added.config}:${added.line}`],
          ['secrets', added.secrets.join(', ')],
        ],
      },
      flags,
    )
  })
  withExamples(
    withJson(withSchemaFlags(command)),
    'caravan add haier',
    'caravan add haier haier-test --environment test --answers answers.json',
    'caravan add haier --help',
  )
}

/** The words behind the adapter: a name if the first is none of the flags, then flags. */
function nameAndFlags(words: readonly string[], adapter: string): [string, readonly string[]] {
  const [first] = words
  return first === undefined || first.startsWith('-') ? [adapter, words] : [first, words.slice(1)]
}

async function chooseAdapter(io: Io): Promise<string> {
  const { listAdapters } = await import('../app/adapters.ts')
  const known = await listAdapters()
  if (!io.mayAsk) {
    throw new CaravanError({
      code: 'value_missing',
      message: 'which adapter is to be added?',
      hint: `Name one of: ${known.map(({ id }) => id).join(', ')}.`,
    })
  }
  const { select } = await import('@inquirer/prompts')
  const choices = known.map(({ id, title }) => ({ value: id, name: `${title} (${id})` }))
  return select({ message: 'Vendor', choices }, { output: process.stderr })
}

async function readAnswers(file: string): Promise<Record<string, unknown>> {
  const { readAnswersFile } = await import('../app/add.ts')
  return readAnswersFile(file)
}

/** A secret given as `-` is read from stdin; only one can be. Any other secret on the command line is refused. */
async function withStdin(
  fields: readonly FormField[],
  answers: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const piped = fields.filter((field) => answers[field.name] === '-')
  if (piped.length > 1) {
    throw new CaravanError({
      code: 'usage',
      message: `stdin can hold one value, not ${piped.length}`,
      hint: 'Use --answers with a file for the others.',
    })
  }
  const [field] = piped
  return field ? { ...answers, [field.name]: await readStdin() } : answers
}

/** Asks for what is missing and required; without a terminal, names every flag that is missing. */
async function complete(
  io: Io,
  adapter: string,
  fields: readonly FormField[],
  answers: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const missing = fields.filter((field) => field.isRequired && answers[field.name] === undefined)
  if (missing.length === 0) return answers
  if (!io.mayAsk) {
    const flags = missing.map(
      ({ name, description }) => `  --${name.replaceAll('_', '-')}  ${description ?? ''}`,
    )
    throw new CaravanError({
      code: 'value_missing',
      message: `${adapter} needs more values:\n${flags.join('\n')}`,
      hint: 'Give them as flags, or all of them with --answers file.json.',
    })
  }
  const { askField } = await import('./output/ask-field.ts')
  const values = { ...answers }
  for (const field of missing) values[field.name] = await askField(field)
  return values
}
