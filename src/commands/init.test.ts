import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { emptyProject, project } from '../testing/program.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

it('makes a config file, a key and a state that only this user can read', async () => {
  const { run, file, folder } = emptyProject()

  const { code, out, err } = await run('init deep/home')

  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain(file('deep/home/integrations.yaml'))
  expect(modeOf(join(folder, 'deep/home'))).toBe('700')
  expect(modeOf(file('deep/home/caravan.key'))).toBe('600')
  expect(modeOf(file('deep/home/caravan.db'))).toBe('600')
})

it('refuses to begin anew where something is, and touches nothing', async () => {
  const { run, folder, everything, file } = await project()
  const before = everything()

  const { code, out, err } = await run('init')

  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toBe(
    `✗ ${file('integrations.yaml')} is there already; nothing was touched (state_exists)\n` +
      '  Run init in another folder, or move it away if you mean to start over.\n',
  )
  expect(everything()).toBe(before)
  expect(folder).not.toBe('')
})

it('makes the state that a config without one names, and leaves the config as it is', async () => {
  const { run, file, write, read } = emptyProject()
  const config = 'version: 1\nstate: ./data/own.db # here\nkey_file: own.key\nservices: {}\n'
  write('integrations.yaml', config)

  const { code, out } = await run('init')
  const listed = await run('list')

  expect({ code, out }).toMatchObject({
    code: 0,
    out: expect.stringContaining(file('data/own.db')),
  })
  expect(modeOf(file('own.key'))).toBe('600')
  expect(read('integrations.yaml')).toBe(config)
  expect(listed.code).toBe(0)
  expect(await run('init')).toMatchObject({ code: 1, out: '' })
})

it('says what is missing beside a state, and makes no new project over it', async () => {
  const { run, file, everything } = await project()
  rmSync(file('integrations.yaml'))
  const before = everything()

  const { code, err } = await run('init')

  expect(code).toBe(1)
  expect(err).toContain('integrations.yaml is missing beside it; nothing was touched')
  expect(everything()).toBe(before)
})

it('uses a key that is given, and makes none', async () => {
  const { run, file } = emptyProject()
  await run('init first')
  const CARAVAN_KEY = readFileSync(file('first/caravan.key'), 'utf8').trim()
  mkdirSync(file('second'))

  const { code, out } = await run('init second', { env: { CARAVAN_KEY } })
  const set = await run('--config second/integrations.yaml secret set token', {
    env: { CARAVAN_KEY },
    stdin: 'value',
  })

  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('CARAVAN_KEY') })
  expect(() => statSync(file('second/caravan.key'))).toThrow('ENOENT')
  expect(set).toMatchObject({ code: 0, err: 'Stored token.\n' })
})

it('prints what it made as JSON', async () => {
  const { json, file } = emptyProject()

  expect(await json('init')).toEqual({
    config: file('integrations.yaml'),
    key: file('caravan.key'),
    state: file('caravan.db'),
  })
})
