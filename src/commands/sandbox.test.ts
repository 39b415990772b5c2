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

it('a vendor that does not speak HTTP has a second address, where faults are ordered', async () => {
  const { start, run } = await project()
  const sandbox = start('sandbox smtp --recipients 2 --answers answers.json')
  await sandbox.prints('/_twin/faults')
  const [, port] = /played at smtp:\/\/127\.0\.0\.1:(\d+)\./.exec(sandbox.soFar().err) ?? []
  const [control = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(sandbox.soFar().err) ?? []

  const added = await run('add smtp --answers answers.json')
  const order = { fault: 'expired-token', times: 1 }
  await fetch(`${control}/_twin/faults`, { method: 'POST', body: JSON.stringify(order) })
  const [refused, accepted] = [await run('test smtp'), await run('test smtp')]
  const stats = (await (await fetch(`${control}/_twin/stats`)).json()) as object
  sandbox.process.kill('SIGTERM')

  expect(added.code).toBe(0)
  expect(control).not.toContain(port)
  expect([refused.code, accepted.code]).toEqual([4, 0])
  expect(stats).toMatchObject({ logins: 2, refused: 1, messages: 0 })
  expect((await sandbox.ended).code).toBe(143)
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

it('says which faults there are, who is refused, and what a wrong order lacks', async () => {
  const { start, run } = await project()
  const sandbox = start('sandbox sms-ru')
  await sandbox.prints('/_twin/stats')
  const [control = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(sandbox.soFar().err) ?? []
  const order = (body: string) => fetch(`${control}/_twin/faults`, { method: 'POST', body })

  const { out: help } = await run('sandbox sms-ru --help')
  const refused = await order('{"fault":"eror-500","times":0}')
  const told = await refused.text()
  const nothing = await (await order('')).text()
  const accepted = await order('{"fault":"error-500","times":3}')

  expect(help).toMatch(/\n {2}act-then-reset +acts, and breaks the connection\n/)
  expect(help).toMatch(/\n {2}\+79160000207 +is refused with code 207\n/)
  expect(sandbox.soFar().err).toContain('act-then-reset')
  expect(refused.status).toBe(400)
  expect(told).toMatch(/fault: is one of latency, .*\n {2}times: /)
  expect(nothing).toMatch(/^No fault was ordered:\n {2}the order: /)
  expect(accepted.status).toBe(200)
})
