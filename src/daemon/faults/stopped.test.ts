/** Fault test 4: a daemon that stands still for longer than its leases, and a writer that stands still in a transaction. */
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { startChild } from '../../testing/child.ts'
import { importProject, type ImportProject } from '../../testing/daemon-import.ts'
import { brokenInvariants } from '../../testing/daemon-invariants.ts'
import { rowsIn, startDaemon, until } from '../../testing/daemon.ts'

const isLong = process.env.CARAVAN_FAULTS === 'long'

/** As if it had stood still for that long: what it last said of its leases lies that much further back. */
function age(home: ImportProject, seconds: number): void {
  const earlier = new Date(systemClock.now().getTime() - seconds * 1000).toISOString()
  const db = new Sqlite(home.file('caravan.db'))
  db.prepare("update runs set lease_until = ?, heartbeat_at = ? where status = 'running'").run(
    earlier,
    earlier,
  )
  db.prepare('update daemons set lease_until = ?, heartbeat_at = ? where stopped_at is null').run(
    earlier,
    earlier,
  )
  db.close()
}

const runsOf = (home: ImportProject) =>
  rowsIn<{ id: string; status: string; trigger: string }>(home, 'select * from runs order by id')

it('a run whose process stands still is taken over once, and the woken process saves nothing more of it', async () => {
  const home = await importProject({ products: 600, latencyMs: 100 })
  const daemon = await startDaemon(home)
  await until(() => home.stored() > 0)
  daemon.process.kill('SIGSTOP')
  const stored = home.stored()

  const early = await home.run('sync haier-products')
  age(home, 90)
  home.twin.faults.clear()
  const taken = await home.run('sync haier-products --prices --stock --json')
  const again = runsOf(home)
  daemon.process.kill('SIGCONT')
  await until(() => home.status() === 'success')
  await systemClock.sleep(500) // whatever it still had in its hands
  const { code } = await daemon.stop()

  expect(early).toMatchObject({ code: 11 }) // its lease is not over yet
  expect(stored).toBeLessThan(600)
  expect(taken.code).toBe(0)
  expect(again).toMatchObject([
    { status: 'interrupted', trigger: 'schedule' },
    { status: 'success', trigger: 'manual' },
  ])
  expect(runsOf(home)).toEqual(again)
  expect(home.stored()).toBe(600)
  expect(code).toBe(143)
  expect(brokenInvariants(home, { isFirstImport: true })).toEqual([])
})

it.runIf(isLong)(
  'a daemon that stands still loses its place to another, and ends when it wakes',
  { timeout: 120_000 },
  async () => {
    const home = await importProject({ products: 600, latencyMs: 100 })
    const first = await startDaemon(home)
    await until(() => home.stored() > 0)
    first.process.kill('SIGSTOP')
    age(home, 90)

    home.twin.faults.clear()
    const second = await startDaemon(home)
    await until(() => home.status() === 'success')
    first.process.kill('SIGCONT')
    const { code } = await first.ended
    await second.stop()

    expect(code).toBe(11)
    expect(home.stored()).toBe(600)
    expect(brokenInvariants(home, { isFirstImport: true })).toEqual([])
  },
)

it('a writer that stands still in its transaction holds the daemon up, and ends nothing', async () => {
  const home = await importProject({ products: 300, latencyMs: 50 })
  const daemon = await startDaemon(home)
  await until(() => home.stored() > 0)
  const locker = startChild('locker-child.ts', home.file('caravan.db'))
  await locker.printed(1)
  locker.process.kill('SIGSTOP')

  const held = home.stored()
  await systemClock.sleep(isLong ? 40_000 : 6000) // beyond what SQLite itself waits
  const after = home.stored()
  await locker.kill()
  await until(() => !['running', 'waiting'].includes(home.status() ?? 'waiting'))
  const { code } = await daemon.stop()

  expect({ status: home.status(), runs: runsOf(home) }).toMatchObject({ status: 'success' })
  expect(after).toBe(held)
  expect(home.stored()).toBe(300)
  expect(runsOf(home)).toMatchObject([{ status: 'success' }])
  expect(code).toBe(143)
  expect(rowsIn(home, "select value from meta where key = 'locker'")).toEqual([])
  expect(brokenInvariants(home, { isFirstImport: true })).toEqual([])
}, 120_000)
