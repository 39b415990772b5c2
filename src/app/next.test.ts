import { rmSync, writeFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { haierProject, type Project } from '../testing/program.ts'
import { type App, openApp } from './app.ts'

async function open(home: Project, env: Record<string, string> = {}): Promise<App> {
  const { signal } = new AbortController()
  const clock = systemClock
  const app = openApp({ env: { USER: 'tester', ...env }, cwd: home.folder, clock, signal })
  onTestFinished(app.close)
  return app.next()
}

const edit = (home: Project, change: (text: string) => string): void =>
  home.write('integrations.yaml', change(home.read('integrations.yaml')))

it('a service whose config is the same goes on; one that changed is another one', async () => {
  const home = await haierProject()
  edit(home, (text) =>
    text.replace(
      /^ {2}haier:\n([\s\S]*?)(?=^\S|(?![\s\S]))/m,
      (all, body: string) => `${all.trimEnd()}\n  second:\n${body}`,
    ),
  )
  const app = await open(home)
  const [haier, second] = [await app.service('haier'), await app.service('second')]

  edit(home, (text) => text.replace('  second:\n', '  second:\n    timeout: 7s\n'))
  const later = await app.next()

  expect(await later.service('haier')).toBe(haier)
  expect(await later.service('second')).not.toBe(second)
  expect((await later.service('second')).guards.timeoutMs).toBe(7000)
  expect(await app.service('second')).toBe(second)
  expect(await later.state()).toBe(await app.state())
  expect(await later.calls()).toBe(await app.calls())
})

it('a secret that was stored by another process is in force in the next version', async () => {
  const home = await haierProject()
  const app = await open(home)
  const before = await app.service('haier')
  expect((await home.run('secret set haier.client_secret', { stdin: 'another' })).code).toBe(0)

  const later = await app.next()
  const after = await later.service('haier')

  expect(after).not.toBe(before)
  expect(after.configHash).not.toBe(before.configHash)
  expect(app.redact('another one')).toBe('*** one')
})

it('a value in a file is read anew, and a service that lost its value says so when it is used', async () => {
  const home = await haierProject()
  home.write('shop', '0000000001')
  edit(home, (text) => text.replace(/customer_code: .*/, 'customer_code: ${file:shop}'))
  const app = await open(home)
  const before = await app.service('haier')
  expect(before.config).toMatchObject({ customer_code: '0000000001' })

  writeFileSync(home.file('shop'), '0000000002')
  const later = await app.next()
  expect((await later.service('haier')).config).toMatchObject({ customer_code: '0000000002' })
  rmSync(home.file('shop'))
  const last = await later.next()

  await expect(last.service('haier')).rejects.toMatchObject({ code: 'placeholder_unset' })
  expect((await later.service('haier')).config).toMatchObject({ customer_code: '0000000002' })
})

it('a file with a fault makes no next version, and the one before goes on', async () => {
  const home = await haierProject()
  const app = await open(home)
  const service = await app.service('haier')
  edit(home, (text) => `${text}\nnonsense: true\n`)

  await expect(app.next()).rejects.toMatchObject({ code: 'config_invalid' })

  expect(await app.service('haier')).toBe(service)
})

it('every version that came into force stands in the history once', async () => {
  const home = await haierProject()
  const app = await open(home)
  await app.state()
  const count = async () =>
    (await home.json<{ versions: object[] }>('config history')).versions.length
  const before = await count()
  edit(home, (text) => `${text}\n# a word\n`)

  const later = await app.next()
  await later.state()
  await (await later.next()).state()

  expect(await count()).toBe(before + 1)
})

it('what cannot be closed keeps nothing else open', async () => {
  const home = await haierProject()
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: home.folder, clock: systemClock, signal })
  const { db } = await app.state()
  const log = await app.log()
  const close = log.close
  log.close = () => Promise.reject(new Error('not now'))
  onTestFinished(close)

  await expect(app.close()).rejects.toThrow('not now')

  await expect(db.selectFrom('meta').selectAll().execute()).rejects.toThrow(/destroyed|not open/)
})
