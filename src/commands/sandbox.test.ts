import { expect, it } from 'vitest'
import { project } from '../testing/program.ts'

it('plays a vendor that a service can be added for, until it is stopped', async () => {
  const { start, run, read } = await project()
  const sandbox = start('sandbox haier --products 5 --answers answers.json')
  await sandbox.prints('/_twin/faults')

  const added = await run('add haier --answers answers.json')
  const synced = await run('sync haier-products')
  sandbox.process.kill('SIGTERM')

  expect(added.code).toBe(0)
  expect(synced.out).toMatch(/created +5\n/)
  expect((await sandbox.ended).code).toBe(143)
  expect(JSON.parse(read('answers.json'))).toMatchObject({ environment: 'test' })
})

it('never writes over a file that is there', async () => {
  const { run, read } = await project()
  const before = read('integrations.yaml')

  const { code, err } = await run('sandbox haier --write integrations.yaml')

  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('cannot write') })
  expect(read('integrations.yaml')).toBe(before)
})

it.each([
  ['sandbox haier --port 70000', '--port 70000 is no port'],
  ['sandbox haier --products none', '  --products: must be a number\n'],
  ['sandbox haier --product 3', 'Did you mean --products?'],
])('%s is exit 2', async (words, told) => {
  const { run } = await project()

  const { code, out, err } = await run(words)

  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(told)
})
