import { readdirSync, readFileSync } from 'node:fs'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { emptyProject, haierProject, type Project, project } from '../../testing/program.ts'
import type { Cli } from '../cli.ts'
import { registerCommands } from '../index.ts'
import { placeholderOf, valueKinds } from './kinds.ts'

/** The words of each candidate, without what is said about it. */
async function candidates(at: Project, ...words: string[]): Promise<string[]> {
  const { code, out, err } = await at.run(['__complete', ...words])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out.split('\n').flatMap((line) => (line === '' ? [] : (line.split('\t')[0] ?? '')))
}

it('every argument and every flag that takes a value says by its name what can stand there', () => {
  const program = new Command('caravan')
  registerCommands(program, {} as Cli)

  const unknown = commandsUnder(program).flatMap(({ path, command }) => [
    ...command.registeredArguments
      .filter((argument) => !argument.argChoices && !valueKinds[argument.name()])
      .map((argument) => `${path} <${argument.name()}>`),
    ...command.options
      .filter(({ argChoices, required, flags }) => required && !argChoices && !kindOf(flags))
      .map(({ flags }) => `${path} ${flags}`),
  ])

  expect(commandsUnder(program).length).toBeGreaterThan(20)
  expect(unknown).toEqual([])
})

const kindOf = (flags: string) => valueKinds[placeholderOf(flags) ?? '']

const commandsUnder = (command: Command, path = ''): { path: string; command: Command }[] => [
  { path, command },
  ...command.commands.flatMap((child) => commandsUnder(child, `${path} ${child.name()}`)),
]

describe('in a project with a service and a run', () => {
  it('completes commands, flags, choices and names', async () => {
    const at = await haierProject()
    const sync = await at.json<{ run: string }>('sync haier-products')
    const { calls } = await at.json<{ calls: { id: string }[] }>('logs')

    expect(await candidates(at, 'sh')).toEqual(['show'])
    expect(await candidates(at, 'secret', '')).toEqual(['set', 'list', 'remove'])
    expect(await candidates(at, 'list', '--js')).toEqual(['--json'])
    expect(await candidates(at, 'list', '--output', 'js')).toEqual(['json', 'jsonl'])
    expect(await candidates(at, 'list', '--output=c')).toEqual(['--output=csv'])
    expect(await candidates(at, 'show', '')).toEqual(['haier'])
    expect(await candidates(at, 'test', 'haier', '')).toEqual([])
    expect(await candidates(at, 'logs', '--service', 'h')).toEqual(['haier'])
    expect(await candidates(at, 'add', '')).toContain('haier')
    expect(await candidates(at, 'sync', 'ha')).toEqual(['haier-products'])
    expect(await candidates(at, 'secret', 'remove', 'haier.client_s')).toEqual([
      'haier.client_secret',
    ])
    expect(await candidates(at, 'explain', 'state_b')).toEqual(['state_busy'])
    expect(await candidates(at, 'completion', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(await candidates(at, 'runs', 'show', '')).toEqual([sync.run])
    expect(await candidates(at, 'sync', 'haier-products', '--retry-failed', '')).toEqual([sync.run])
    expect((await candidates(at, 'logs', 'show', '')).toSorted()).toEqual(
      calls
        .map(({ id }) => id)
        .slice(0, 20)
        .toSorted(),
    )
    expect((await at.run(['__complete', 'runs', 'show', ''])).out).toMatch(
      /^\w{26}\thaier-products, success, \d{4}-\d\d-\d\d \d\d:\d\d UTC\n$/,
    )
  })

  it('completes the flags that a job, an adapter or a service brings along', async () => {
    const at = await haierProject()

    expect(await candidates(at, 'sync', 'haier-products', '--pr')).toEqual(['--prices'])
    expect(await candidates(at, 'add', 'haier', '--env')).toEqual(['--environment'])
    expect(await candidates(at, 'edit', 'haier', '--env')).toEqual(['--environment'])
    expect(await candidates(at, 'sandbox', 'haier', '--prod')).toEqual(['--products'])
    expect(await candidates(at, 'add', 'haier', '--environment', 'p')).toEqual(['production'])
  })

  it('knows global flags, "--", default subcommands and what was said already', async () => {
    const at = await haierProject()

    expect(await candidates(at, '--utc', 'show', '')).toEqual(['haier'])
    expect(await candidates(at, '--no-color', 'sho')).toEqual(['show'])
    expect(await candidates(at, 'show', '--', '')).toEqual(['haier'])
    expect(await candidates(at, 'show', '--', '--js')).toEqual([])
    expect(await candidates(at, 'runs', '')).toEqual(['list', 'show', 'cancel'])
    expect(await candidates(at, 'runs', '--sta')).toEqual(['--status'])
    expect(await candidates(at, 'runs', '--status', 'par')).toEqual(['partial'])
    expect(await candidates(at, 'list', '--json', '--js')).toEqual([])
    expect(await candidates(at, 'list', '--u')).toEqual(['--utc'])
    expect(await candidates(at, 'nonsense', '')).toEqual([])
  })

  it('leaves files and folders to the shell', async () => {
    const at = await project()

    expect(await candidates(at, 'backup', '')).toEqual([':files'])
    expect(await candidates(at, 'import', '1c', 'a.xml', '')).toEqual([':files'])
    expect(await candidates(at, 'export', '1c-catalog', '--to', '')).toEqual([':folders'])
    expect(await candidates(at, '--config', '')).toEqual([':files'])
    expect(await candidates(at, 'disable', 'haier', '--reason', '')).toEqual([])
  })
})

it.each([
  ['no config', undefined],
  ['a config that is no YAML', 'services: ['],
  ['a config of another kind', '[1, 2]'],
])('says nothing and changes nothing where there is %s', async (_, text) => {
  const at = emptyProject()
  if (text !== undefined) at.write('integrations.yaml', text)
  const before = readdirSync(at.folder)

  expect(await candidates(at, 'show', '')).toEqual([])
  expect(await candidates(at, 'sho')).toEqual(['show'])
  expect(await candidates(at, 'runs', 'show', '')).toEqual([])
  expect(readdirSync(at.folder)).toEqual(before)
})

it.each([
  ['empty', ''],
  ['no database', 'no database at all'],
])('knows no run in a state that is %s, but services', async (_, content) => {
  const at = await haierProject()
  at.write('caravan.db', content)

  expect(await candidates(at, 'runs', 'show', '')).toEqual([])
  expect(await candidates(at, 'secret', 'remove', '')).toEqual([])
  expect(await candidates(at, 'show', '')).toEqual(['haier'])
  expect(at.read('caravan.db')).toBe(content)
})

it('reads the state without writing to it and without the key', async () => {
  const at = await haierProject()
  await at.run('sync haier-products')
  at.write('caravan.key', 'no key at all')
  const before = snapshot(at)

  expect(await candidates(at, 'runs', 'show', '')).toHaveLength(1)
  expect(await candidates(at, 'secret', 'remove', '')).not.toEqual([])

  expect(snapshot(at)).toEqual(before)
})

it('obeys --config on the line, and proposes no name that a shell would take apart', async () => {
  const at = await haierProject()
  at.write(
    'other.yaml',
    'version: 1\nservices:\n  other: { adapter: haier }\n  "$(id)": {}\n  "a b": {}\n',
  )

  expect(await candidates(at, '--config', 'other.yaml', 'show', '')).toEqual(['other'])
  expect(await candidates(at, '--config=other.yaml', 'show', '')).toEqual(['other'])
  expect(await candidates(at, '--config=nowhere.yaml', 'show', '')).toEqual([])
})

const snapshot = (at: Project): Record<string, string> =>
  Object.fromEntries(
    readdirSync(at.folder).map((name) => [name, readFileSync(at.file(name), 'latin1')]),
  )

const heavy = { zod: 'ZodObject', yaml: 'parseDocument', inquirer: 'new ExitPromptError(' }

it.each([
  [['show', '']],
  [['sync', '']],
  [['runs', 'show', '']],
  [['logs', 'show', '']],
  [['sho']],
])('%j is completed without loading schemas, YAML or prompts', async (words) => {
  const at = await haierProject()
  at.write(
    'hook.cjs',
    "process.on('exit', () => process.stderr.write(JSON.stringify(Object.keys(require.cache))))",
  )
  await at.run('list') // the first time, the config itself is read

  const { err } = await at.run(['__complete', ...words], {
    env: { NODE_OPTIONS: `--require ${at.file('hook.cjs')}` },
  })

  const files = (JSON.parse(err) as string[]).filter((path) => path.endsWith('.cjs'))
  const loaded = files.map((path) => readFileSync(path, 'utf8')).join('\n')
  expect(files.length).toBeGreaterThan(5)
  expect(Object.values(heavy).filter((sign) => loaded.includes(sign))).toEqual([])
})
