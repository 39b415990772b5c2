import { Command, CommanderError, Option } from 'commander'
import { expect, it } from 'vitest'
import type { Cli } from '../cli.ts'
import { registerCommands } from '../index.ts'
import { parseSchemaFlags } from '../schema-flags.ts'
import { askedOf, usageError } from './usage.ts'

const quiet = { writeErr: () => undefined, outputError: () => undefined }

/** The program as main.ts makes it, as far as its words go. */
function makeProgram(): Command {
  const program = new Command('caravan')
    .option('--config <file>')
    .option('-q, --quiet')
    .option('--utc')
    .version('0')
    .showSuggestionAfterError(false)
    .configureOutput(quiet)
    .exitOverride()
  registerCommands(program, {} as Cli)
  return program
}

/** What the parser says of the words, as an operator reads it. */
async function told(line: string): Promise<{ message: string; hint?: string }> {
  const words = line.split(' ')
  const program = makeProgram()
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const { message, hint } = usageError(error, askedOf(program, words, error))
    return { message, hint }
  }
  throw new Error(`"${line}" is understood`)
}

it.each([
  ['lsit', 'caravan list'],
  ['lst', 'caravan list'],
  ['LIST', 'caravan list'],
  ['ls', 'caravan list'],
  ['services', 'caravan list'],
  ['rm haier', 'caravan remove'],
  ['delete haier', 'caravan remove'],
  ['log', 'caravan logs'],
  ['run haier-products', 'caravan sync'],
  ['conf', 'caravan config'],
  ['conf check', 'caravan config'],
  ['configure', 'caravan config'],
  ['stauts', 'caravan status'],
  ['adaptors', 'caravan adapters'],
  ['vendors', 'caravan adapters'],
  ['backpu a.db', 'caravan backup'],
  ['expalin usage', 'caravan explain'],
  ['completions bash', 'caravan completion'],
  ['--utc lsit', 'caravan list'],
  ['--config a.yaml lsit', 'caravan list'],
  ['-q shwo haier', 'caravan show'],
  ['config chek', 'caravan config check'],
  ['config validate', 'caravan config check'],
  ['secrets list', 'caravan secret'],
  ['secret ls', 'caravan secret list'],
  ['secret rm haier.password', 'caravan secret remove'],
  ['secret lst', 'caravan secret list'],
  ['runs ls', 'caravan runs list'],
  ['runs shwo 01JHB2V7', 'caravan runs show'],
  ['runs 01JHB2V7', 'caravan runs show 01JHB2V7'],
  ['logs 01jhb2v7qk', 'caravan logs show 01jhb2v7qk'],
  ['export 1c-catalogue', 'caravan export 1c-catalog'],
  ['export product', 'caravan export products'],
  ['import 1C a.xml', 'caravan import 1c'],
])('"caravan %s" is told: did you mean %s', async (line, meant) => {
  const { hint } = await told(line)

  expect(hint).toContain(`Did you mean ${meant}? Shown by: caravan`)
})

it.each([
  ['list --jsn', '--json'],
  ['list --JSON', '--json'],
  ['list --ouput=json', '--output'],
  ['list --format json', '--output'],
  ['list --qiuet', '--quiet'],
  ['runs --stauts failed', '--status'],
  ['runs list --limt 3', '--limit'],
  ['disable haier --reson x', '--reason'],
  ['remove haier --force', '--yes'],
  ['remove haier -y', '--yes'],
  ['logs -f', '--follow'],
  ['logs --tail', '--follow'],
  ['export products --out a.csv', '--to'],
  ['backup a.db --jsno', '--json'],
  ['list --output jsn', 'json'],
  ['list --output=tabel', 'table'],
  ['runs --status sucess', 'success'],
  ['logs --outcome faild', 'failed'],
  ['completion bsh', 'bash'],
])('"caravan %s" is told: did you mean %s', async (line, meant) => {
  const { hint } = await told(line)

  expect(hint).toContain(`Did you mean ${meant}? Shown by: caravan`)
})

it.each([
  ['kubernetes', 'unknown command kubernetes', 'Shown by: caravan --help'],
  ['list --kubernetes', 'unknown option --kubernetes', 'Shown by: caravan list --help'],
  ['list --output xml2000', '--output xml2000: allowed choices are table, json, jsonl, csv', ''],
  ['completion powershell', 'powershell: allowed choices are bash, zsh, fish', ''],
  ['runs --limit none', '--limit none: it must be a whole number from 1', ''],
  ['disable', 'missing required argument service', 'Shown by: caravan disable --help'],
])('"caravan %s" is told plainly, with nothing proposed', async (line, message, hint) => {
  const error = await told(line)

  expect(error.message).toBe(message)
  expect(error.hint).toContain(hint)
  expect(error.hint).not.toContain('Did you mean')
})

it.each([
  'list --pasword=planted',
  'secret set haier.password planted',
  'show haier planted',
  'secret list --vlaue=planted',
])('"caravan %s" does not repeat what may be a secret', async (line) => {
  const { message, hint } = await told(line)

  expect(`${message} ${hint}`).not.toContain('planted')
})

const fields = [
  { name: 'environment', type: 'choice', choices: ['production', 'test'] },
  { name: 'accept_shrink', type: 'boolean' },
].map((field) => ({
  isRequired: false,
  isSecret: false,
  validate: () => undefined,
  read: (value: unknown) => value,
  ...field,
})) as Parameters<typeof parseSchemaFlags>[0]

it.each([
  ['--enviroment test', '--environment'],
  ['--accept_shrink', '--accept-shrink'],
  ['--environment prodution', 'production'],
  ['--dryrun', '--dry-run'],
  ['--jsn', '--json'],
])('a flag of a job or an adapter, "%s", is told: did you mean %s', (line, meant) => {
  const command = makeProgram().command('trial').option('--dry-run').addOption(new Option('--json'))

  const parse = () => parseSchemaFlags(fields, line.split(' '), 'caravan trial x --help', command)

  expect(parse).toThrow(
    expect.objectContaining({
      hint: `Did you mean ${meant}? Shown by: caravan trial x --help`,
    }),
  )
})
