/** A process of its own that uses a state, for tests that kill it or run two at once: node state-child.ts WAY PATH … */
import { setImmediate as turn } from 'node:timers/promises'
import { sql, type Kysely } from 'kysely'
import type { Migration } from '../../migrations/index.ts'
import { systemClock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { backupState } from '../store/backup.ts'
import { addToListing, beginListing } from '../store/listings.ts'
import { getMeta, setMeta } from '../store/meta.ts'
import { migrate } from '../store/migrate.ts'
import { openState } from '../store/open.ts'
import { connect, createKysely } from '../store/sqlite.ts'
import { startRun } from '../store/start-run.ts'

const [way = '', path = '', argument = ''] = process.argv.slice(2)

/** Two steps that fail when they are applied twice, and take long enough to be met half-way. */
export const testMigrations: readonly Migration[] = [
  async (db: Kysely<unknown>) => {
    await sql`create table first (n integer)`.execute(db)
  },
  async (db: Kysely<unknown>) => {
    await sql`create table second (n integer)`.execute(db)
    await systemClock.sleep(200)
    await sql`insert into second values (1)`.execute(db)
  },
  async (db: Kysely<unknown>) => {
    await sql`create table third (n integer)`.execute(db)
  },
]

const ways: Record<string, () => Promise<void>> = {
  /** Commits batches of 50 and tells of each once it is committed, until it is killed. */
  async write() {
    const { db } = await openState(path, { clock: systemClock })
    const id = await beginListing(db, { job: 'j', source: 's', isFull: true, now: new Date(0) })
    for (let batch = 0; ; batch++) {
      const items = Array.from({ length: 50 }, (_, n) => ({
        externalId: `${batch}/${n}`,
        body: '',
      }))
      await addToListing(db, id, items)
      process.stdout.write(`${id} ${batch + 1}\n`)
      await turn()
    }
  },
  /** Writes a pair of rows in each transaction, one at a time and as fast as it can, until it is killed. */
  async pairs() {
    const { db } = await openState(path, { clock: systemClock })
    for (let n = 1; ; n++) {
      await db.transaction().execute(async (tx) => {
        await setMeta(tx, 'left', String(n))
        const at = systemClock.now().toISOString()
        await tx
          .insertInto('checkpoints')
          .values({ job: `pair-${n}`, value: String(n), run_id: 'R', updated_at: at })
          .execute()
        await setMeta(tx, 'right', String(n))
      })
      if (n % 10 === 0) process.stdout.write(`${n}\n`)
      await turn()
    }
  },
  /** Makes a backup to the place it is told and tells of every step. */
  async backup() {
    const state = await openState(path, { clock: systemClock })
    const onProgress = () => void process.stdout.write('step\n')
    await backupState(state, argument, { now: systemClock.now(), onProgress })
    process.stdout.write('done\n')
  },
  /** Keeps the state open until it is killed. */
  async keep() {
    const { close } = await openState(path, { clock: systemClock })
    process.stdout.write('open\n')
    await systemClock.sleep(60_000)
    await close() // until here it is in use: what nobody uses any more is closed by the garbage collector
  },
  /** Adds to a counter that it reads first, as often as asked. */
  async count() {
    const { db, close } = await openState(path, { clock: systemClock })
    for (let n = 0; n < Number(argument); n++) {
      await db.transaction().execute(async (tx) => {
        const count = Number((await getMeta(tx, 'count')) ?? 0)
        await setMeta(tx, 'count', String(count + 1))
      })
      await turn()
    }
    await close()
    process.stdout.write('counted\n')
  },
  async migrate() {
    const db = createKysely<unknown>(connect(path, 'FULL'), path)
    const migrated = await migrate(db, testMigrations, { path, clock: systemClock })
    await db.destroy()
    process.stdout.write(`${migrated ? 'migrated' : 'nothing to do'}\n`)
  },
  /** Takes a job and keeps it until it is killed, or says why it may not. */
  async run() {
    const { db } = await openState(path, { clock: systemClock })
    const start = {
      job: argument,
      trigger: 'manual',
      options: {},
      now: new Date(),
      leaseMs: 60_000,
    }
    const started = await startRun(db, start).catch((error: unknown) => error)
    process.stdout.write(started instanceof CaravanError ? `${started.code}\n` : 'started\n')
    await systemClock.sleep(60_000)
  },
}

if (process.argv[1] === import.meta.filename) await ways[way]?.()
