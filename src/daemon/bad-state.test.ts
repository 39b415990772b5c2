/** Fault tests 9 and 10: a state that is not in order is refused, told with what restores it, and left as it is. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { rowsIn, startDaemon } from '../testing/daemon.ts'
import { haierProject, project, type Project } from '../testing/program.ts'

const databases = ({ file }: Project) => file('caravan.db')

const spoilt: [what: string, spoil: (home: Project) => void | Promise<void>, told: RegExp][] = [
  ['is missing', (home) => rmSync(databases(home)), /state_missing/],
  ['is empty', (home) => truncateSync(databases(home), 0), /state_empty/],
  ['is no database', ({ write }) => write('caravan.db', 'no database'), /state_foreign/],
  ['is cut off', (home) => truncateSync(databases(home), 8192), /state_damaged/],
  ['is of another program', foreign, /state_foreign/],
  ['is of a newer caravan', newer, /state_newer/],
]

it.each(spoilt)(
  'a state that %s: the daemon does not start, and changes nothing',
  async (_, spoil, told) => {
    const home = await project()
    await spoil(home)
    const before = listing(home)

    const { code, out, err } = await home.run('daemon')

    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(told)
    expect(err).toMatch(/caravan (config restore|restore|backup|init)|newer/)
    expect(listing(home)).toEqual(before)
  },
)

function foreign(home: Project): void {
  rmSync(databases(home))
  const db = new Sqlite(databases(home))
  db.exec('create table notes (text); insert into notes values (1)')
  db.close()
}

function newer(home: Project): void {
  const db = new Sqlite(databases(home))
  db.pragma('user_version = 99')
  db.close()
}

const listing = ({ folder }: Project) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .toSorted()

it('the state of another installation, put in its place, is refused', async () => {
  const [home, other] = [await haierProject(), await haierProject()]
  for (const name of ['caravan.db', 'caravan.db-wal']) {
    rmSync(home.file(name), { force: true })
    if (existsSync(other.file(name))) copyFileSync(other.file(name), home.file(name))
  }

  const { code, err } = await home.run('daemon')

  expect(code).toBe(12) // by the secrets, which our key does not open
  expect(err).toContain('key_wrong')
})

it('a copy that was restored by hand beside the journal of the former state is refused', async () => {
  const home = await haierProject()
  await home.run('backup old.db')
  const daemon = await startDaemon(home)
  await daemon.stop('SIGKILL')
  expect(existsSync(home.file('caravan.db-wal'))).toBe(true)
  copyFileSync(home.file('old.db'), home.file('caravan.db'))

  const { code, err } = await home.run('daemon')

  expect(code).toBe(1)
  expect(err).toContain('state_stale_wal')
})

/** A daemon that was killed with all that it had written still in its journal. */
async function killedDaemon(): Promise<Project> {
  const home = await haierProject()
  const daemon = await startDaemon(home)
  await daemon.logged('ready')
  await daemon.stop('SIGKILL')
  return home
}

it('a journal that was deleted is missed, and with it what had been committed', async () => {
  const home = await killedDaemon()
  rmSync(home.file('caravan.db-wal'))

  const { code, err } = await home.run('daemon')

  expect(code).toBe(1)
  expect(err).toContain('caravan.db-wal is missing')
  expect(err).toContain('state_damaged')
})

it('with its index deleted too nothing can tell: the state is whole, as of what was copied to it last', async () => {
  const home = await killedDaemon()
  rmSync(home.file('caravan.db-wal'))
  rmSync(home.file('caravan.db-shm'))

  const daemon = await startDaemon(home)
  await daemon.logged('ready')
  const { code } = await daemon.stop()

  expect(code).toBe(143)
  expect(rowsIn(home, 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

/** Root reads everything; without these two it is held to what the modes say. */
const asOwner = ['setpriv', '--bounding-set=-dac_override,-dac_read_search']
const mayTry =
  process.getuid?.() === 0 && spawnSync('setpriv', [...asOwner.slice(1), 'true']).status === 0
if (!mayTry) console.warn('skipped: files of another owner need root and setpriv')

it.runIf(mayTry).each([
  ['a folder that cannot be entered', '', 0o700, 9, /permission denied/],
  ['a state that cannot be read', 'caravan.db', 0o600, 1, /permission denied|state_/],
  ['a state that cannot be written', 'caravan.db', 0o644, 1, /state_read_only|permission denied/],
])(
  '%s, for it belongs to somebody else: refused, and nothing is written anywhere',
  async (_, name, mode, exit, told) => {
    const home = await project()
    const before = listing(home)
    chmodSync(home.file(name), mode)
    chownSync(home.file(name), 65534, 65534)

    const { code, out, err } = await home.run(
      ['--config', home.file('integrations.yaml'), 'daemon'],
      { cwd: dirname(home.folder), through: asOwner },
    )

    expect({ code, out, err }).toMatchObject({
      code: exit,
      out: '',
      err: expect.stringMatching(told) as string,
    })
    expect(listing(home)).toEqual(before)
  },
)

it('a state folder that is missing: refused, and not made', async () => {
  const home = await project()
  const text = home.read('integrations.yaml')
  home.write('integrations.yaml', text.replace('./caravan.db', './gone/caravan.db'))

  const { code, err } = await home.run('daemon')

  expect(code).toBe(1)
  expect(err).toContain('state_missing')
  expect(existsSync(join(home.folder, 'gone'))).toBe(false)
})

it('a state that is moved away while the daemon works: it goes on, begins no new one, and nothing is lost when it is put back', async () => {
  const home = await project()
  const daemon = await startDaemon(home)
  await daemon.logged('ready')
  mkdirSync(home.file('away'))
  renameSync(home.file('caravan.db'), home.file('away/caravan.db'))

  daemon.process.kill('SIGHUP')
  await daemon.logged('the config was loaded')
  const { code } = await daemon.stop()

  expect(code).toBe(143)
  expect(daemon.lines().at(-1)).toMatchObject({ message: 'ended in order' })
  expect(existsSync(home.file('caravan.db'))).toBe(false)
  renameSync(home.file('away/caravan.db'), home.file('caravan.db'))
  const ended = 'select stopped_at is not null as ended from daemons'
  expect(rowsIn(home, ended)).toEqual([{ ended: 1 }])
})
