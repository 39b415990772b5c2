import { expect, it } from 'vitest'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { removeSecret } from '../app/secrets.ts'
import { withAppIn } from '../testing/app.ts'
import { startDaemon } from '../testing/daemon.ts'
import { haierProject, project } from '../testing/program.ts'

it.each([
  ['a config with a fault', 9, 'nonsense: true\n', 'nonsense: unknown key'],
  ['an unset value outside of the services', 4, 'key_file: ${NOWHERE}\n', 'NOWHERE is not set'],
])('does not start with %s: exit %i', async (_, exit, line, told) => {
  const home = await project()
  home.write('integrations.yaml', `${home.read('integrations.yaml')}\n${line}`)

  const { code, out, err } = await home.run('daemon')

  expect({ code, out }).toEqual({ code: exit, out: '' })
  const lines = err.trim().split('\n')
  expect(lines.map((one) => JSON.parse(one) as object)).toEqual([
    expect.objectContaining({ level: 'error', message: expect.stringContaining(told) as string }),
  ])
})

it('does not start with a key that does not fit: exit 12', async () => {
  const home = await haierProject()
  const other = await project()
  home.write('caravan.key', other.read('caravan.key'))

  const { code, err } = await home.run('daemon')

  expect(code).toBe(12)
  expect(JSON.parse(err)).toMatchObject({ level: 'error', error: { code: 'key_wrong' } })
})

it('--check tells what it would start with, and starts nothing', async () => {
  const home = await haierProject()
  const text = home.read('integrations.yaml')
  home.write(
    'integrations.yaml',
    text.replace(/^jobs:.*$/m, 'jobs:\n  haier-products: { schedule: "0 3 * * *" }'),
  )

  const found = await home.json('daemon --check')

  expect(found).toMatchObject({
    config: home.file('integrations.yaml'),
    state: home.file('caravan.db'),
    key: expect.stringContaining('caravan.key') as string,
    listens_at: null,
    services: 1,
    jobs: [{ job: 'haier-products', schedule: '0 3 * * *', timezone: 'UTC' }],
    faults: [],
  })
  expect(await home.run('daemon --ping')).toMatchObject({ code: 1 })
})

it('--check finds a secret that is gone: exit 14', async () => {
  const home = await haierProject()
  await withAppIn(home.folder, (app) => removeSecret(app, 'haier.password'))

  const { code, out } = await home.run('daemon --check')

  expect(code).toBe(14)
  expect(out).toMatch(/cannot be used +services\.haier\.config\.password: /)
})

it('--check finds an address that is taken, but not by the daemon that works there', async () => {
  const home = await project()
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  home.write('integrations.yaml', `${home.read('integrations.yaml')}\nlisten: 127.0.0.1:${port}\n`)

  const taken = await home.run('daemon --check')
  server.close()
  const daemon = await startDaemon(home)
  await daemon.logged('listening at')
  const ours = await home.run('daemon --check')
  await daemon.stop()

  expect(taken).toMatchObject({ code: 1, out: '' })
  expect(taken.err).toContain('(listen_failed)')
  expect(ours).toMatchObject({ code: 0 })
})
