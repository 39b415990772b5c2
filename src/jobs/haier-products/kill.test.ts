import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import type { Db } from '../../store/schema.ts'
import { startChild } from '../../testing/child.ts'
import { startHaierProject } from '../../testing/haier-project.ts'

const all = { prices: true, stock: true }
const isLong = process.env.CARAVAN_FAULTS === 'long'
const [amount, kills] = isLong ? [5_000, 20] : [1_000, 5]
const seed = Number(process.env.CARAVAN_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** What may be asked for again after a kill: the hundred products that were under way. */
const batch = 100

/** The rows without what differs from run to run: when, and in which order they were made. */
async function rowsOf(db: Db): Promise<unknown[][]> {
  const strip = (row: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(row).filter(([name]) => name !== 'id' && !name.endsWith('_at')),
    )
  const products = await db.selectFrom('products').selectAll().orderBy('external_id').execute()
  const stock = await db.selectFrom('stock').selectAll().orderBy('external_id').execute()
  return [products.map(strip), stock.map(strip)]
}

const runsOf = (db: Db) =>
  db.selectFrom('runs').select(['status', 'counters']).orderBy('id').execute()

/** A small generator of numbers from 0 to 1, so that a seed repeats a run (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

it(
  `ends like an undisturbed run when it is killed ${kills} times (CARAVAN_SEED=${seed})`,
  { timeout: 300_000 },
  async () => {
    const random = randomFrom(seed)
    const undisturbed = await startHaierProject({ twin: { products: amount } })
    await undisturbed.sync(all)
    const project = await startHaierProject({ twin: { products: amount } })
    const folder = dirname(project.config)
    const stocked = () => project.twin.twin.stats().products_stocked ?? 0
    const start = () => startChild('sync-child.ts', folder, JSON.stringify(all))

    /** A kill that comes after the end of the run hits nothing; another run would begin anew. */
    const isOver = async () =>
      (await runsOf(await project.db())).some(({ status }) => status === 'success')

    let done = 0
    for (let kill = 0; kill < kills; kill++) {
      const child = start()
      // Each part of the work is met once, at a random place in it, by a process that did some of it.
      const from = stocked()
      const target = from + Math.floor((random() * 1.6 * amount) / kills)
      await child.printed(1)
      while (stocked() < target && child.process.exitCode === null) await systemClock.sleep(1)
      await systemClock.sleep(random() * 30)
      if (child.process.exitCode !== null) break
      await child.kill()
      if (await isOver()) break
      done++
    }
    if (!(await isOver())) await start().ended

    const last = (await runsOf(await project.db())).at(-1)
    expect(last).toMatchObject({ status: 'success' })
    expect(JSON.parse(last?.counters ?? '')).toMatchObject({ failed: 0 })
    expect(done).toBeGreaterThanOrEqual(Math.floor(kills / 2))
    expect(await rowsOf(await project.db())).toEqual(await rowsOf(await undisturbed.db()))
    const stats = project.twin.twin.stats()
    expect(stats).toMatchObject({ distinct_stocked: amount, distinct_priced: amount })
    expect(stats.max_per_product).toBeLessThanOrEqual(1 + done)
    expect(stats.products_stocked).toBeLessThanOrEqual(amount + done * batch)
    expect(stats.products_priced).toBeLessThanOrEqual(amount + done * batch)
    const states = await runsOf(await project.db())
    const interrupted = states.filter(({ status }) => status === 'interrupted').length
    // A kill may come before the run began.
    expect(interrupted).toBeLessThanOrEqual(done)
    expect(interrupted).toBeGreaterThanOrEqual(Math.floor(done / 2))
    // A kill behind the end leaves the rows of a closed listing; the next run sweeps them.
    const listings = await (await project.db()).selectFrom('listings').selectAll().execute()
    expect(listings.filter(({ complete }) => complete === 1)).toEqual([])
  },
)
