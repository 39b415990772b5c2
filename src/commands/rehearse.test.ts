import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { BackupReport, Rehearsal, RestoreReport } from '../app/answers/backup.ts'
import { newKey } from '../config/secrets/keys.ts'
import { systemClock as clock } from '../core/clock.ts'
import { addToListing, beginListing } from '../store/listings.ts'
import { openState } from '../store/open.ts'
import { startChild } from '../testing/child.ts'
import { type Project, project } from '../testing/program.ts'

/** A project whose temporary files can be looked at. */
async function watched(): Promise<Project & { env: Record<string, string>; left(): string[] }> {
  const made = await project()
  const folder = join(made.folder, '../tmp')
  mkdirSync(folder)
  return { ...made, env: { TMPDIR: folder }, left: () => readdirSync(folder) }
}

const checksOf = (out: string) =>
  Object.fromEntries(
    Rehearsal.parse(JSON.parse(out)).checks.map(({ check, passed }) => [check, passed]),
  )

const allPassed = { content: true, opening: true, rows: true, secrets: true, config: true }

it('rehearses a backup that it makes and removes, and touches nothing of the state', async () => {
  const { run, env, left, read, folder } = await watched()
  await run('secret set token', { stdin: 'value' })
  await run('secret list')
  const [before, files] = [read('caravan.db'), readdirSync(folder).toSorted()]

  const { code, out } = await run('backup --rehearse --json', { env })
  const text = await run('backup --rehearse', { env })

  expect({ code, checks: checksOf(out) }).toEqual({ code: 0, checks: allPassed })
  expect(text.out).toMatch(/secrets +ok: all 1 open with the key in .*caravan\.key/)
  expect(text.err).toContain('This backup can be restored here.')
  expect(left()).toEqual([])
  expect(read('caravan.db')).toBe(before)
  expect(readdirSync(folder).toSorted()).toEqual(files)
})

it('a backup whose secrets the key here does not open fails its rehearsal, and is restored with a word', async () => {
  const { run, env, left, file, write, read } = await watched()
  await run('secret set token', { stdin: 'value' })
  const backup = await run('backup copy.db --json')
  rmSync(file('caravan.key'))
  writeFileSync(file('caravan.key'), `${newKey()}\n`, { mode: 0o600 })
  const config = read('integrations.yaml')
  write('integrations.yaml', config.replace(/services:.*/, broken))

  const rehearsed = await run('backup --rehearse copy.db --json', { env })
  write('integrations.yaml', config)
  const restored = await run('restore copy.db --yes --json')

  const made = BackupReport.parse(JSON.parse(backup.out))
  expect(made.keys).toMatchObject([{ id: expect.stringMatching(/^[0-9a-f]+$/) }])
  expect(backup.err).toContain('Keep the key apart')
  expect(rehearsed.code).toBe(1)
  expect(checksOf(rehearsed.out)).toEqual({ ...allPassed, secrets: false, config: false })
  expect(left()).toEqual([])
  expect(restored.code).toBe(0)
  expect(RestoreReport.parse(JSON.parse(restored.out))).toMatchObject({ key: 'wrong' })
  expect(restored.err).toContain('does not open them')
})

const broken = `services:
  shop: { adapter: no-such-thing, config: {} }`

it('garbage and a backup of a newer version fail their rehearsal and are not restored', async () => {
  const { run, env, left, file, write, read } = await watched()
  write('garbage.db', 'no database at all')
  await run('backup newer.db')
  const newer = new Sqlite(file('newer.db'))
  newer.pragma('user_version = 999')
  newer.close()
  const before = read('caravan.db')

  const garbage = await run('backup --rehearse garbage.db --json', { env })
  const rehearsed = await run('backup --rehearse newer.db --json', { env })
  const restored = await run('restore newer.db --yes')

  expect(garbage.code).toBe(1)
  expect(checksOf(garbage.out)).toEqual({ content: false })
  expect(rehearsed.code).toBe(1)
  expect(restored).toMatchObject({ code: 1, err: expect.stringContaining('state_newer') })
  expect(left()).toEqual([])
  expect(read('caravan.db')).toBe(before)
})

it('leaves nothing behind when it is asked to stop', async () => {
  const { start, env, left, file } = await watched()
  const state = await openState(file('caravan.db'), { clock })
  const id = await beginListing(state.db, {
    job: 'j',
    source: 's',
    isFull: true,
    now: clock.now(),
  })
  const body = 'x'.repeat(1000)
  const items = Array.from({ length: 60_000 }, (_, n) => ({ externalId: `${n}`, body }))
  await addToListing(state.db, id, items)
  await state.close()

  const started = start('backup --rehearse', { env })
  while (left().length === 0) await clock.sleep(2)
  started.process.kill('SIGTERM')
  const { code, err } = await started.ended

  expect(code).toBe(143)
  expect(err).toContain('Stopped; what was half done is undone.')
  expect(err).not.toContain('internal')
  expect(left()).toEqual([])
})

it('does not restore over a state that is in use, and names who uses it', async () => {
  const { run, file, folder } = await watched()
  await run('backup copy.db')
  const holder = startChild('state-child.ts', 'keep', file('caravan.db'))
  await holder.printed(1)

  const { code, err } = await run('restore copy.db --yes')

  expect(code).toBe(11)
  expect(err).toContain(`process ${holder.process.pid}`)
  expect(readdirSync(folder).filter((name) => name.includes('restored'))).toEqual([])
})

it('says that a backup is of another installation before it asks', async () => {
  const [mine, other] = [await project(), await project()]
  await other.run('backup copy.db')
  const backup = other.file('copy.db')

  const unasked = await mine.run(['restore', backup])
  const restored = await mine.run(['restore', backup, '--yes', '--json'])

  expect(unasked.code).toBe(7)
  expect(unasked.err.replaceAll(/\s+/g, ' ')).toContain('Replace the state by that of the other')
  expect(readdirSync(mine.folder).filter((name) => name.includes('restored'))).toEqual([])
  expect(RestoreReport.parse(JSON.parse(restored.out))).toMatchObject({
    key: 'wrong',
    former_state: mine.file('caravan.db.replaced'),
  })
  expect(existsSync(mine.file('caravan.db.replaced'))).toBe(true)
})

it('a disk that is full leaves no backup behind, and a plain word', async () => {
  const { run, file, folder } = await watched()
  const state = await openState(file('caravan.db'), { clock })
  const id = await beginListing(state.db, {
    job: 'j',
    source: 's',
    isFull: true,
    now: clock.now(),
  })
  const items = Array.from({ length: 5000 }, (_, n) => ({
    externalId: `${n}`,
    body: 'x'.repeat(400),
  }))
  await addToListing(state.db, id, items)
  await state.close()

  const { code, err } = await run('backup copy.db', { through: ['prlimit', '--fsize=1000000'] })

  expect(code).toBe(1)
  expect(err).toMatch(/state_io|state_full/)
  expect(err).not.toContain('    at ')
  expect(readdirSync(folder).filter((name) => name.startsWith('copy.db'))).toEqual([])
})

it('says which command unpacks a bundle', async () => {
  const { run, write } = await watched()
  write('new.bundle', 'caravan-bundle-v1\n')

  const { code, err } = await run('restore new.bundle --yes')

  expect(code).toBe(2)
  expect(err).toContain('caravan config restore new.bundle')
})

it('a backup without a name is wrong usage', async () => {
  const { run } = await watched()

  expect(await run('backup')).toMatchObject({
    code: 2,
    err: expect.stringContaining('value_missing'),
  })
})
