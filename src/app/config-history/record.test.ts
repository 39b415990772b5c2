import { readFileSync, writeFileSync } from 'node:fs'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { listConfigVersions } from '../../store/config-versions.ts'
import { temporaryFolder } from '../../testing/state.ts'
import { type App, openApp } from '../app.ts'
import { initProject } from '../init.ts'
import { listServices } from '../list-services.ts'

async function project() {
  const folder = temporaryFolder()
  const { config } = await initProject(folder, { env: {}, clock: systemClock })
  const open = (command: string): App => {
    const { signal } = new AbortController()
    const app = openApp({
      command,
      env: { USER: 'anna' },
      cwd: folder,
      clock: systemClock,
      signal,
    })
    onTestFinished(app.close)
    return app
  }
  const add = (line: string) => writeFileSync(config, `${readFileSync(config, 'utf8')}${line}\n`)
  return { open, add }
}

const commandsOf = async (app: App): Promise<string[]> =>
  (await listConfigVersions((await app.stateAsIs()).db)).map(({ command }) => command)

it('records nothing for a process whose file was replaced while it looked at it', async () => {
  const { open, add } = await project()
  const slow = open('slow')
  await slow.overview()
  await slow.usableConfig()
  add('# changed')
  const quick = open('quick')
  await quick.state()

  await slow.state()

  expect(await commandsOf(quick)).toEqual(['quick'])
})

it('a state that cannot be written fails no command that only reads', async () => {
  const { open, add } = await project()
  const before = open('before')
  await before.state()
  add('# changed')
  const app = open('list')
  await sql`pragma query_only = 1`.execute((await app.stateAsIs()).db)

  expect(await listServices(app)).toEqual({ services: [], faults: 0 })

  expect(await commandsOf(before)).toEqual(['before'])
})

it('keeps no more of a name than a table can show', async () => {
  const { open } = await project()
  const app = open('list')
  Object.assign(app.env, { SUDO_USER: `eve\u001b[31m${'x'.repeat(500)}` })

  await app.state()

  const [version] = await listConfigVersions((await app.stateAsIs()).db)
  expect(version?.loadedBy).toMatch(/^eve \[31mx{50,60}$/)
})
