/** Fault test 8: the disk is full, then freed. The daemon tells, loses nothing, and goes on without a restart. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { importProject, type ImportProject } from '../../testing/daemon-import.ts'
import { brokenInvariants } from '../../testing/daemon-invariants.ts'
import { rowsIn, startDaemon, until, type RunningDaemon } from '../../testing/daemon.ts'

const isLong = process.env.CARAVAN_FAULTS === 'long'
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0
if (!hasPrlimit) process.stderr.write('Skipped without prlimit: files that may not grow\n')

/** A file system of 48 MB over a folder, gone with the test; false where this user may not mount one. */
function mountSmall(folder: string): boolean {
  const kept = mkdtempSync(join(tmpdir(), 'caravan-kept-'))
  cpSync(folder, kept, { recursive: true })
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=700', 'none', folder])
  if (status === 0) {
    onTestFinished(() => void spawnSync('umount', ['-l', folder]))
    cpSync(kept, folder, { recursive: true })
  }
  rmSync(kept, { recursive: true, force: true })
  return status === 0
}

/** Fills what is left. */
function fill(folder: string): void {
  for (const size of [1 << 20, 1 << 16, 4096]) {
    for (let n = 0; ; n++) {
      try {
        writeFileSync(join(folder, `ballast-${size}-${n}`), Buffer.alloc(size))
      } catch {
        rmSync(join(folder, `ballast-${size}-${n}`), { force: true })
        break
      }
    }
  }
}

function removeBallast(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => one.startsWith('ballast-'))) {
    rmSync(join(folder, name))
  }
}

const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-mount-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder])
  if (status === 0) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true })
  return status === 0
})()
if (!canMount) process.stderr.write('Skipped without the right to mount: a disk that is full\n')

/** What the log says of the disk. */
const alarms = (daemon: RunningDaemon) =>
  daemon
    .lines()
    .filter(({ level, message }) => /warn|error/.test(level) && /disk|full/i.test(message))

/** What is met in between: the import stands, and the log tells why. */
async function meetsFullDisk(home: ImportProject, daemon: RunningDaemon, free: () => void) {
  await until(() => alarms(daemon).length > 0)
  await systemClock.sleep(isLong ? 30_000 : 1000)
  expect(daemon.process.exitCode).toBe(null)
  home.twin.faults.clear()
  free()
}

/** The run that met it has failed, or waited; the next occurrence, in the same process, goes on where it was. */
async function goesOn(home: ImportProject, daemon: RunningDaemon): Promise<void> {
  await until(() => ['success', 'failed'].includes(home.status() ?? ''))
  await makeDueAgain(home, daemon)
  await until(
    () =>
      rowsIn(home, "select 1 from occurrences where due_at like '%T04%' and status = 'success'")
        .length > 0,
  )
  const { code } = await daemon.stop()

  expect(code).toBe(143)
  expect(home.stored()).toBe(1500)
}

/** Another schedule is in force, and was due at once. */
async function makeDueAgain(home: ImportProject, daemon: RunningDaemon): Promise<void> {
  const file = home.read('integrations.yaml')
  home.write('integrations.yaml', file.replace('"0 3 1 1 *"', '"0 4 1 1 *"'))
  daemon.process.kill('SIGHUP')
  await daemon.logged('haier-products has another schedule')
  const db = new Sqlite(home.file('caravan.db'))
  const due = `${systemClock.now().getUTCFullYear()}-01-01T04:00:00.000Z`
  db.prepare('update schedules set next_due_at = ?').run(due)
  db.close()
}

it.runIf(canMount)(
  'a disk that is full in the middle of an import',
  { timeout: 120_000 },
  async () => {
    const home = await importProject({ products: 1500, latencyMs: 40 })
    mountSmall(home.folder)
    const daemon = await startDaemon(home)
    await until(() => home.stored() > 0)

    fill(home.folder)
    await meetsFullDisk(home, daemon, () => removeBallast(home.folder))
    await goesOn(home, daemon)

    expect(brokenInvariants(home, { isFirstImport: true })).toEqual([])
  },
)

it.runIf(hasPrlimit)(
  'files that may not grow in the middle of an import',
  { timeout: 120_000 },
  async () => {
    const home = await importProject({ products: 1500, latencyMs: 40 })
    const daemon = await startDaemon(home)
    const limit = (bytes: string) =>
      spawnSync('prlimit', [`--pid=${daemon.process.pid}`, `--fsize=${bytes}`])
    await until(() => home.stored() > 0)

    limit(`${statSync(home.file('caravan.db-wal')).size}:`)
    await meetsFullDisk(home, daemon, () => limit('unlimited:'))
    await goesOn(home, daemon)

    expect(brokenInvariants(home, { isFirstImport: true })).toEqual([])
  },
)
