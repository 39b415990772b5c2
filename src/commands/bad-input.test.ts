import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { haierProject, haierTwin, project } from '../testing/program.ts'

it.each([
  [
    'an open bracket',
    'version: 1\nservices:\n  a: [\n',
    /cannot be read as YAML \(config_unreadable\):\n {2}integrations\.yaml:4:1 {2}a bracket is opened/,
  ],
  [
    'a key twice',
    'version: 1\nstate: a\nstate: b\n',
    /integrations\.yaml:3:1 {2}the key state stands here twice/,
  ],
  ['UTF-16', '\u{feff}v\0e\0r\0', /\((config_unreadable|config_invalid)\)/],
  ['another version', 'version: 2\n', /version/],
])('a config with %s is exit 9', async (_, text, told) => {
  const { run, write, read } = await project()
  write('integrations.yaml', text)

  const { code, out, err } = await run('sync haier-products')

  expect({ code, out }).toEqual({ code: 9, out: '' })
  expect(err).toMatch(told)
  expect(read('integrations.yaml')).toBe(text)
})

it('a config that is a folder, or nowhere, is exit 9', async () => {
  const { run, file } = await project()
  rmSync(file('integrations.yaml'))

  const missing = await run('list')
  mkdirSync(file('integrations.yaml'))
  const folder = await run('list')

  expect(missing.code).toBe(9)
  expect(missing.err).toContain(`  ${file('integrations.yaml')}  (this folder)\n`)
  expect(missing.err).toContain('Run "caravan init" in the folder where it shall be')
  expect(folder).toMatchObject({
    code: 9,
    err: expect.stringContaining('cannot be read: it is a folder'),
  })
})

it.each([
  ['', 2, 'Usage: caravan'],
  ['lst', 2, '✗ unknown command lst (usage)\n  Did you mean caravan list?'],
  [
    'list --jsn',
    2,
    '✗ unknown option --jsn (usage)\n  Did you mean --json? Shown by: caravan list --help\n',
  ],
  ['runs shw', 2, 'caravan runs'],
  ['disable', 2, 'missing required argument service'],
  ['sandbox hair', 10, 'Did you mean haier?'],
  ['add hiaer', 10, 'Did you mean haier?'],
  ['sync haier-prodcuts', 10, 'Did you mean haier-products?'],
  [
    'sync haier-products --priecs',
    2,
    'Did you mean --prices? Shown by: caravan sync haier-products',
  ],
  ['sync haier-products --dryrun', 2, 'Did you mean --dry-run?'],
  ['add haier --enviroment test', 2, 'Did you mean --environment?'],
  ['add haier --environment tset', 2, 'Did you mean test?'],
  ['sandbox haier --prodcuts 3', 2, 'Did you mean --products?'],
  ['help ad', 2, '✗ unknown command ad (usage)\n  Did you mean caravan add?'],
  ['help key rotat', 2, 'Did you mean caravan key rotate?'],
  ['explain sate_busy', 10, 'Did you mean state_busy? "caravan explain" lists them.'],
])('"caravan %s" is exit %i', async (words, exit, told) => {
  const { run } = await project()

  const { code, out, err } = await run(words)

  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err).toContain(told)
})

it.each([
  [['sync', 'haier-products', '--codes', ''], '--codes'],
  [['sync', 'haier-products', '--codes', ','], '--codes'],
  [['sync', 'haier-products', '--retry-failed', ''], '--retry-failed'],
  [['logs', '--service', ''], '--service'],
  [['--config', '', 'list'], '--config'],
])('%j is exit 2, for its value is empty', async (words, flag) => {
  const { run } = await project()

  expect(await run(words)).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining(`✗ ${flag}: its value is empty (usage)`),
  })
})

it('shows the help of a command of two words', async () => {
  const { run } = await project()

  expect(await run('help key rotate')).toEqual(await run('key rotate --help'))
})

it('does not repeat what stands behind a misspelled flag', async () => {
  const { run } = await project()

  const { code, err } = await run('list --pasword=planted')

  expect({ code, err }).toMatchObject({ code: 2, err: expect.not.stringContaining('planted') })
})

it('a vendor that answers with nonsense, or not at all, loses nothing', async () => {
  const { folder, run, twin } = await haierProject()
  await run('sync haier-products')
  const before = await run('export products')

  for (const [fault, exit, told] of [
    ['html', 1, 'bad_response'],
    ['garbage', 1, 'bad_response'],
    ['reset-in-body', 5, 'unavailable'],
    ['error-500', 5, 'unavailable'],
    ['rate-limited', 5, 'rate_limited'],
  ] as const) {
    const cwd = join(folder, '..', fault)
    cpSync(folder, cwd, { recursive: true }) // each with a breaker of its own
    twin.faults.clear()
    twin.faults.add({ fault, path: 'roduct', retry_after: 0 })

    const { code, err } = await run('sync haier-products', { cwd })
    const after = await run('export products', { cwd })

    expect({ fault, code, err }).toMatchObject({
      code: exit,
      err: expect.stringMatching(new RegExp(`^✗ haier listProducts: .*\\(${told}`, 'm')),
    })
    expect(err).toMatch(/More: caravan logs show \w{26}\n/)
    expect(after.out).toBe(before.out)
  }
})

it('a vendor that never answers is given up on, exit 5', async () => {
  const silent = createServer(() => undefined)
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => void silent.close().closeAllConnections())
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const { run, write, twin, read } = await haierProject()
  write('silent.json', JSON.stringify({ ...twin.config, base_url: url }))
  await run('add haier silent --no-test --answers silent.json')
  const text = read('integrations.yaml')
  write(
    'integrations.yaml',
    text.replace('  silent:\n', '  silent:\n    timeout: 1s\n    retry: { attempts: 1 }\n'),
  )

  const { code, err } = await run('test silent --rung-deadline 1s')

  expect(code).toBe(5)
  expect(err).toMatch(/^✗ silent: .*1 s/)
})

it('a listing that has shrunk too far stops and asks, exit 7, until a person agrees', async () => {
  const { run, read, write, twin } = await haierProject()
  await run('sync haier-products')
  const before = await run('export products')
  const small = await haierTwin({ products: 3 })
  write('integrations.yaml', read('integrations.yaml').replaceAll(twin.url, small.url))

  const stopped = await run('sync haier-products')
  const after = await run('export products')
  const agreed = await run('sync haier-products --accept-shrink')

  expect(stopped.code).toBe(7)
  expect(stopped.err).toContain('(guard_shrunk)')
  expect(after.out).toBe(before.out)
  expect(agreed).toMatchObject({ code: 0, out: expect.stringMatching(/marked +27\n/) })
})

it('a mistyped name of what there is gets the right one', async () => {
  const { run, json, write } = await haierProject()
  await run('sync haier-products --stock')
  const { runs } = await json<{ runs: { id: string }[] }>('runs')
  const id = runs[0]?.id ?? ''
  const wrong = `${id.slice(0, 12)}${id.slice(13, 14)}${id.slice(12, 13)}${id.slice(14)}`
  write('typo.json', JSON.stringify({ client_di: 'x', environment: 'prodction' }))

  for (const [words, told] of [
    ['show hiaer', 'Did you mean haier? "caravan list" lists them.'],
    ['test hiaer', 'Did you mean haier? "caravan list" lists them.'],
    ['logs --service hiaer', 'Did you mean haier? "caravan list" lists them.'],
    ['secret remove haier.pasword --yes', 'Did you mean haier.password?'],
    [`runs show ${wrong}`, `Did you mean ${id}? The latest ones: caravan runs`],
    [`logs --run ${wrong}`, `Did you mean ${id}?`],
    [`sync haier-products --retry-failed ${wrong}`, `Did you mean ${id}?`],
    ['export products --source hiaer', 'Did you mean haier? There are: haier.'],
    ['export 1c-catalog --source hiaer --to out', 'Did you mean haier? There are: haier.'],
    [
      'add haier other --no-test --answers typo.json',
      'client_di: unknown field; did you mean client_id?',
    ],
    ['add haier other --no-test --answers typo.json', 'did you mean production'],
  ] as const) {
    const { code, out, err } = await run(words)

    expect({ words, out, isRefused: code !== 0, err }).toMatchObject({
      out: '',
      isRefused: true,
      err: expect.stringContaining(told),
    })
  }
})
