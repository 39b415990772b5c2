import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import type { RunReport } from '../../app/run.ts'
import type { Db } from '../../store/schema.ts'
import { startChild } from '../../testing/child.ts'
import { type HaierProject, paths, startHaierProject } from '../../testing/haier-project.ts'

const all = { prices: true, stock: true }
type Listed = { productCode: string }[]

const productsOf = (db: Db) => db.selectFrom('products').selectAll().orderBy('id').execute()

/** Every row of every table, apart from those that only say that something ran. */
async function everything(db: Db): Promise<Record<string, unknown[]>> {
  const tables = await db.introspection.getTables()
  const kept = tables.filter(
    ({ name }) => !['runs', 'listings', 'listing_items', 'limits', 'places'].includes(name),
  )
  const rows = await Promise.all(
    kept.map(async ({ name }) => [
      name,
      await db
        .selectFrom(name as 'meta')
        .selectAll()
        .execute(),
    ]),
  )
  return Object.fromEntries(rows) as Record<string, unknown[]>
}

/** Aborts the run once so many products are stocked. */
function stopAt(project: HaierProject, stop: AbortController, products: number): void {
  let asked = 0
  project.answer(paths.stock, (payload: unknown) => {
    if (++asked === products) stop.abort()
    return payload
  })
}

it('tells in a dry run what would be created, changed and marked, and writes nothing', async () => {
  const { sync, answer, db } = await startHaierProject()
  const first = await sync(all, { dryRun: true })
  expect(first).toMatchObject({ status: 'success', dry_run: true, counters: { created: 60 } })
  expect(first.changes[0]).toMatchObject({ action: 'create' })
  expect(await productsOf(await db())).toEqual([])

  await sync(all)
  const products = await productsOf(await db())
  const before = await everything(await db())
  answer(paths.listing, (list: Listed) => list.slice(2))
  answer(paths.price, (list: Listed) =>
    list.map((one) =>
      one.productCode === products[10]?.external_id ? { ...one, supplyPrice: 12.34 } : one,
    ),
  )
  answer(paths.stock, (payload: object, asked: { productCode: string }) =>
    asked.productCode === products[11]?.external_id ? { secCode: 'W1', stock: '777' } : payload,
  )

  const report = await sync(all, { dryRun: true })

  expect(report.counters).toMatchObject({ created: 0, updated: 2, unchanged: 56, marked: 2 })
  const changes = new Map(report.changes.map((change) => [change.key, change]))
  expect(changes.size).toBe(4)
  expect(changes.get(products[10]?.external_id ?? '')).toMatchObject({
    action: 'change',
    fields: [{ field: 'supply_price', before: products[10]?.supply_price, after: 1234 }],
  })
  expect(changes.get(products[11]?.external_id ?? '')?.fields).toContainEqual(
    expect.objectContaining({ field: 'stock quantity', after: '777' }),
  )
  const marks = report.changes.filter(({ action }) => action === 'mark').map(({ key }) => key)
  expect(marks.toSorted()).toEqual(
    products
      .slice(0, 2)
      .map(({ external_id }) => external_id)
      .toSorted(),
  )
  expect(await everything(await db())).toEqual(before)
})

it('leaves no listing behind when a dry run fails', async () => {
  const { sync, twin, db } = await startHaierProject()
  twin.faults.add({ fault: 'rate-limited', path: paths.stock, retry_after: 600 })

  const report = await sync(all, { dryRun: true })

  expect(report).toMatchObject({ status: 'failed', exit: 'temporary' })
  expect(await (await db()).selectFrom('listings').selectAll().execute()).toEqual([])
})

it('goes on with the kept listing after it was stopped, and a filtered run does not lose it', async () => {
  const stop = new AbortController()
  const project = await startHaierProject({ twin: { products: 300 }, signal: stop.signal })
  const { sync, twin, open } = project
  stopAt(project, stop, 150)
  const stopped = await sync(all)
  expect(stopped).toMatchObject({ status: 'interrupted', exit: 'interrupted', error: null })
  expect(stopped.counters.created).toBeGreaterThanOrEqual(20)

  const { runJob } = await import('../../app/run.ts')
  const app = open(new AbortController().signal)
  const state = await app.state()
  const [one] = await productsOf(state.db)
  const filtered = { ...all, codes: [one?.external_id] }
  const between = await runJob(app, 'haier-products', { options: filtered })
  expect(between.report.counters).toMatchObject({ read: 1, marked: 0 })

  const { report } = await runJob(app, 'haier-products', { options: all })

  expect(report).toMatchObject({ status: 'success', resumed_from: stopped.run })
  expect(report.counters.read).toBe(300 - stopped.counters.read)
  expect(await productsOf(state.db)).toHaveLength(300)
  // The whole list once, and the one code.
  expect(twin.twin.stats()).toMatchObject({ listing_calls: 2, products_listed: 301 })
  expect(twin.twin.stats().products_stocked).toBeLessThanOrEqual(300 + 100 + 1)
  expect(await state.db.selectFrom('listings').selectAll().execute()).toEqual([])
  await app.close()
})

it('reads everything again with --from-start', async () => {
  const stop = new AbortController()
  const project = await startHaierProject({ twin: { products: 200 }, signal: stop.signal })
  stopAt(project, stop, 120)
  await project.sync(all)
  const { runJob } = await import('../../app/run.ts')
  const app = project.open(new AbortController().signal)

  const request = { options: all, fromStart: true }
  const { report } = await runJob(app, 'haier-products', request)

  expect(report).toMatchObject({ status: 'success', resumed_from: null, counters: { read: 200 } })
  expect(project.twin.twin.stats().listing_calls).toBe(2)
  await app.close()
})

it('does not let an older list, kept by another way of running, overrule a newer full one', async () => {
  const stop = new AbortController()
  const project = await startHaierProject({ twin: { products: 200 }, signal: stop.signal })
  let isYounger = false
  const young = 'ZZ0YOUNGZ'
  project.answer(paths.listing, (list: Listed) =>
    isYounger ? [...list, { ...list[0], productCode: young }] : list,
  )
  stopAt(project, stop, 120)
  await project.sync(all)
  isYounger = true
  const { runJob } = await import('../../app/run.ts')
  const app = project.open(new AbortController().signal)
  await runJob(app, 'haier-products', { options: {} })

  const { report } = await runJob(app, 'haier-products', { options: all })

  expect(report.counters).toMatchObject({ read: 201, marked: 0 })
  await app.close()
})

it('refuses a second process while one runs, stops at SIGTERM, and goes on', async () => {
  const project = await startHaierProject({ twin: { products: 300 } })
  const folder = dirname(project.config)
  const words = [folder, JSON.stringify(all)] as const
  let isHeld = true
  let asked = 0
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const handle = project.twin.twin.handle.bind(project.twin.twin)
  const reached = new Promise<void>((resolve) => {
    project.twin.twin.handle = async (request) => {
      if (isHeld && request.path.includes(paths.stock) && ++asked > 150) {
        resolve()
        await held
      }
      return handle(request)
    }
  })
  const first = startChild('sync-child.ts', ...words)
  await reached

  const second = startChild('sync-child.ts', ...words)
  expect((await second.printed(2))[1]).toBe('job_running')
  first.process.kill('SIGTERM')
  const stopped = JSON.parse((await first.printed(2))[1] ?? '') as RunReport
  expect(stopped).toMatchObject({ status: 'interrupted', error: null })
  expect(stopped.counters.created).toBeGreaterThan(0)
  await first.ended
  isHeld = false
  release()

  const report = await project.sync(all)

  expect(report).toMatchObject({ status: 'success', resumed_from: stopped.run })
  expect(await productsOf(await project.db())).toHaveLength(300)
  expect(project.twin.twin.stats().listing_calls).toBe(1)
})

it('fails as a whole batch on a full disk, and the next run goes on', async () => {
  const project = await startHaierProject({ twin: { products: 600 } })
  const db = await project.db()
  const { sql } = await import('kysely')
  const pages = await sql<{ page_count: number }>`pragma page_count`.execute(db)
  const room = (pages.rows[0]?.page_count ?? 0) + 130
  await sql.raw(`pragma max_page_count = ${room}`).execute(db)

  const report = await project.sync(all).catch((error: unknown) => error)

  expect(report).toMatchObject({ status: 'failed', error: { code: 'state_full' } })
  const { counters } = report as RunReport
  expect(counters.created).toBeGreaterThan(0)
  expect(counters.created).toBeLessThan(600)
  expect(await productsOf(db)).toHaveLength(counters.created)
  expect(await db.selectFrom('stock').selectAll().execute()).toHaveLength(counters.created)
  await project.close()
  const checked = new Sqlite(project.state, { readonly: true })
  expect(checked.pragma('integrity_check', { simple: true })).toBe('ok')
  checked.close()

  const next = await project.sync(all)
  expect(next).toMatchObject({ status: 'success', counters: { read: 600 - counters.created } })
  expect(await productsOf(await project.db())).toHaveLength(600)
  expect(project.twin.twin.stats().listing_calls).toBe(1)
})
