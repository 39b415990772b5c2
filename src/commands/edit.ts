import type { Command } from 'commander'
import type { App } from '../app/app.ts'
import type { Editable, EditedService } from '../app/edit-service.ts'
import { CaravanError } from '../core/errors.ts'
import { testText } from './add.ts'
import { choose } from './choose.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import type { Io } from './output/io.ts'
import { printRecord, say } from './output/print.ts'
import { schemaHelp, wholeHelp, withOwnExamples, withSchemaFlags } from './schema-flags.ts'
import { readGiven } from './service-flags.ts'

type EditFlags = {
  answers?: string
  unset?: string[]
  test: boolean
  saveUntested?: boolean
  json?: boolean
  help?: boolean
}

export function registerEdit(program: Command, cli: Cli): void {
  const command = program
    .command('edit')
    .summary('Change a service: asks only for what changes, tests it, saves it')
    .argument('[service]', 'name of the service')
    .option(
      '--answers <file>',
      'take the new values from a JSON file, by field name; "-" for stdin',
    )
    .option('--unset <field>', 'take a field out; may be given several times', collect)
    .option('--no-test', 'save without testing the connection')
    .option('--save-untested', 'save also when the test fails')
  command.action(async (word: string | undefined, flags: EditFlags) => {
    const io = cli.io()
    if (flags.help && word === undefined) return io.out(wholeHelp(command))
    const edited = await cli.withApp(async (app) => {
      const { editableService } = await import('../app/edit-service.ts')
      const editable = await editableService(app, word ?? (await chooseService(io, app)))
      if (flags.help) {
        const { name, fields } = editable
        const help = schemaHelp(command, `Fields of ${name}`, fields)
        const examples = [`caravan edit ${name}`, `caravan edit ${name} --timeout 20s --no-test`]
        io.out(withOwnExamples(help, ...examples))
        return undefined
      }
      return edit({ io, app, command }, editable, flags)
    })
    if (edited) await printEdited(io, edited, flags)
  })
  withExamples(
    withJson(withSchemaFlags(command, 'service')),
    'caravan edit haier',
    'pass haier | caravan edit haier --password -',
    'caravan edit haier --timeout 20s --unset send-to-code',
    'caravan edit haier --help',
  )
}

const collect = (word: string, before: string[] = []): string[] => [
  ...before,
  word.replaceAll('-', '_'),
]

async function edit(
  { io, app, command }: { io: Io; app: App; command: Command },
  editable: Editable,
  flags: EditFlags,
): Promise<EditedService> {
  const { checkEdit, editService } = await import('../app/edit-service.ts')
  const help = `caravan edit ${editable.name} --help`
  const words = command.args.slice(1)
  const { answers } = flags
  const given = await readGiven(command, editable.fields, words, { answers, help })
  // null in the answers takes a field out.
  const empty = Object.keys(given).filter((field) => given[field] === null)
  const unset = [...new Set([...(flags.unset ?? []), ...empty])]
  const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
  checkEdit(editable, { values, unset })
  const isSaid = Object.keys(values).length > 0 || unset.length > 0
  return editService(app, editable, {
    values: isSaid ? values : await ask(io, editable),
    unset,
    test: flags.test ? (flags.saveUntested ? 'try' : 'must-pass') : 'skip',
    say: (text) => say(io, text),
  })
}

async function chooseService(io: Io, app: App): Promise<string> {
  const { services } = await app.overview()
  if (services.length === 0) {
    throw new CaravanError({
      code: 'value_missing',
      message: 'there is no service to edit',
      hint: 'Add one with "caravan add".',
    })
  }
  const choices = services.map(({ name }) => ({ value: name }))
  return choose(io, 'Service', 'which service is to be edited?', choices)
}

/** Which fields, and then those alone. */
async function ask(io: Io, { name, fields }: Editable): Promise<Record<string, unknown>> {
  if (!io.mayAsk) {
    throw new CaravanError({
      code: 'value_missing',
      message: `what of ${name} is to be changed?`,
      hint: `Say it with flags, --unset or --answers; "caravan edit ${name} --help" shows the fields.`,
    })
  }
  const { askAgain, chooseFields } = await import('./output/ask-field.ts')
  const { shown } = await import('../app/edit-plan.ts')
  const present = (field: Editable['fields'][number]) => shown(field, field.present)
  const values: Record<string, unknown> = {}
  for (const field of await chooseFields(fields, `What of ${name} is to be changed?`, present)) {
    values[field.name] = await askAgain(field, present(field))
  }
  return values
}

async function printEdited(io: Io, edited: EditedService, flags: EditFlags): Promise<void> {
  const changes = edited.changed.map(({ field, before, after, stored_as }) => {
    if (stored_as !== null) return `${field}: a new value, stored as ${stored_as}`
    return `${field}: ${before ?? 'not set'} → ${after ?? 'not set'}`
  })
  const isChanged = changes.length > 0
  if (!isChanged) say(io, `Nothing was changed: ${edited.service} is so already.`)
  await printRecord(
    io,
    {
      data: edited,
      lines: [
        ['service', edited.service],
        ['changed', changes.join('\n')],
        ['test', isChanged ? testText(edited) : ''],
        ['config', `${edited.config}:${edited.line}`],
      ],
    },
    flags,
  )
}
