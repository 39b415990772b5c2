import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { rowsIn, scheduleMissed, slowDown, startDaemon, until } from '../testing/daemon.ts'
import { haierProject, type Project, project } from '../testing/program.ts'

const edit = (home: Project, change: (text: string) => string): void =>
  home.write('integrations.yaml', change(home.read('integrations.yaml')))

const faultIn = (home: Project) =>
  rowsIn<{ config_error: string | null }>(home, 'select config_error from daemons')[0]?.config_error

it('a change of one service comes into force while a long run of another one goes on undisturbed', async () => {
  const home = await haierProject({ products: 100 })
  edit(home, (text) =>
    text.replace(
      'services:\n',
      'services:\n  tell: { adapter: webhook, config: { url: "http://127.0.0.1:9/", secret: "a-long-made-up-secret" } }\n',
    ),
  )
  scheduleMissed(home, 'haier-products', '{ prices: true }')
  slowDown(home, 4)
  const daemon = await startDaemon(home)
  const read = () =>
    rowsIn<{ read: number }>(home, `select counters ->> 'read' as read from runs`)[0]?.read ?? 0
  await until(() => read() > 0)

  edit(home, (text) => text.replace('adapter: webhook,', 'adapter: webhook, timeout: 3s,'))
  daemon.process.kill('SIGHUP')
  const { changes } = await daemon.logged('the config was loaded')
  const whenLoaded = read()
  await until(() => rowsIn(home, `select 1 from runs where status = 'success'`).length > 0)
  await daemon.stop()

  expect(changes).toBe('services.tell.timeout added')
  expect(whenLoaded).toBeLessThan(100)
  expect(rowsIn(home, `select status, counters ->> 'read' as read from runs`)).toEqual([
    { status: 'success', read: 100 },
  ])
  expect(rowsIn(home, 'select config_error from daemons')).toEqual([{ config_error: null }])
})

it('a file with a fault keeps the former in force, is told once, and is forgiven when it is corrected', async () => {
  const home = await project()
  const daemon = await startDaemon(home)
  await daemon.logged('ready')
  const good = home.read('integrations.yaml')

  edit(home, (text) => `${text}\nnonsense: true\n`)
  const refused = await daemon.logged('the config file is not in order')
  await until(() => faultIn(home) !== null)
  const ping = await home.json('daemon --ping')
  rmSync(home.file('integrations.yaml'))
  const gone = await daemon.logged('the config file is not in order', daemon.lines().length)
  home.write('integrations.yaml', good)
  await daemon.logged('the config file is what is in force again')
  await until(() => faultIn(home) === null)
  edit(home, (text) => text.replace('timezone: UTC', 'timezone: Asia/Shanghai'))
  const loaded = await daemon.logged('the config was loaded')
  await daemon.stop()

  expect(refused).toMatchObject({ level: 'error', error: { code: 'config_invalid' } })
  expect(ping).toMatchObject({
    config_error: expect.stringContaining('nonsense: unknown key') as string,
  })
  expect(gone).toMatchObject({
    error: {
      code: 'config_missing',
      hint: expect.stringMatching(/^Put it back\..*config rollback/) as string,
    },
  })
  expect(loaded).toMatchObject({ changes: 'timezone changed' })
  expect(daemon.lines().filter(({ message }) => message.includes('not in order'))).toHaveLength(2)
})

it('a secret that another process stores is in force without a restart, and stands in no line of the log', async () => {
  const home = await haierProject()
  const right = String(home.twin.config.client_secret)
  await home.run('secret set haier.client_secret', { stdin: 'wrong-secret' })
  const daemon = await startDaemon(home)
  await home.run('call supplier.getBalance --queue')
  await until(() => rowsIn(home, `select 1 from outbox where error is not null`).length > 0)

  await home.run('secret set haier.client_secret', { stdin: right })
  await daemon.logged('the config was loaded')
  const { code } = await home.run('call supplier.getBalance --queue')
  await until(() => rowsIn(home, `select 1 from outbox where status = 'done'`).length > 0)
  await daemon.stop()

  expect(code).toBe(6)
  const { err } = daemon.soFar()
  for (const secret of [right, 'wrong-secret', home.read('caravan.key').trim()]) {
    expect(err).not.toContain(secret)
  }
})

it('another state needs a restart: that is said, and the former one stays in use', async () => {
  const home = await project()
  const daemon = await startDaemon(home)

  edit(home, (text) => text.replace('state: ./caravan.db', 'state: ./other.db'))
  const told = await daemon.logged('needs a restart')
  await daemon.stop()

  expect(told).toMatchObject({ level: 'warn', path: home.file('caravan.db') })
  expect(daemon.lines().at(-1)).toMatchObject({ message: 'ended in order' })
})
