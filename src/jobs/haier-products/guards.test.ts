import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { runJob } from '../../app/run.ts'
import type { Db } from '../../store/schema.ts'
import { paths, startHaierProject } from '../../testing/haier-project.ts'

const all = { prices: true, stock: true }
type Listed = { productCode: string }[]

const contentOf = async (db: Db) => [
  await db.selectFrom('products').selectAll().orderBy('id').execute(),
  await db.selectFrom('stock').selectAll().orderBy('id').execute(),
]

it.each`
  what                         | left
  ${'more than 20 % are gone'} | ${47}
  ${'the listing is empty'}    | ${0}
`('stops and changes nothing when $what, until a person lets it through', async ({ left }) => {
  const { sync, answer, db, twin } = await startHaierProject()
  await sync(all)
  const before = await contentOf(await db())
  const { stock_calls } = twin.twin.stats()
  answer(paths.listing, (list: Listed) => list.slice(0, left as number))

  const report = await sync(all)

  expect(report).toMatchObject({ status: 'guarded', exit: 'guarded', counters: { marked: 0 } })
  expect(report.error).toMatchObject({ code: 'guard_shrunk' })
  expect(report.error?.message).toContain(`${60 - left} of 60`)
  expect(report.error?.hint).toContain('--accept-shrink')
  expect(await contentOf(await db())).toEqual(before)
  expect(twin.twin.stats().stock_calls).toBe(stock_calls)

  const accepted = await sync({ ...all, accept_shrink: true })
  expect(accepted).toMatchObject({ status: 'success', counters: { marked: 60 - left } })
})

it('stops at an empty listing whatever share the config lets vanish', async () => {
  const { sync, answer } = await startHaierProject()
  await sync({})
  answer(paths.listing, () => [])

  const report = await sync({ max_shrink_percent: 99 })

  expect(report.error).toMatchObject({ code: 'guard_shrunk' })
  await expect(sync({ max_shrink_percent: 100 })).rejects.toMatchObject({ code: 'usage' })
})

it('refuses a standing consent in the config', async () => {
  const { config, open } = await startHaierProject({
    jobs: { 'haier-products': { with: { stock: true } } },
  })
  const text = await readFile(config, 'utf8')
  await writeFile(config, text.replace('"stock":true', '"accept_shrink":true'))

  const run = runJob(open(), 'haier-products', {})

  await expect(run).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('give --accept-shrink on the command line'),
  })
})

it.each(['reset-in-body', 'business-error', 'garbage', 'html', 'error-500', 'refused'] as const)(
  'marks and changes nothing when the listing ends in %s',
  async (fault) => {
    const { sync, twin, db } = await startHaierProject()
    await sync(all)
    const before = await contentOf(await db())
    twin.faults.add({ fault, path: paths.listing })

    const report = await sync(all)

    expect(report).toMatchObject({ status: 'failed', counters: { read: 0, marked: 0 } })
    expect(report.error?.message).toBeTruthy()
    expect(await contentOf(await db())).toEqual(before)
    twin.faults.clear()
    expect(await sync(all)).toMatchObject({ status: 'success', counters: { unchanged: 60 } })
  },
)

it('does not mix what a listing brought before it broke off with the next attempt', async () => {
  const { sync, twin, db } = await startHaierProject({
    twin: { products: 450 },
    service: { retry: { attempts: 3 } },
  })
  twin.faults.add({ fault: 'reset-in-body', path: paths.listing, times: 1 })

  const report = await sync({})

  expect(report).toMatchObject({ status: 'success', counters: { read: 450, created: 450 } })
  expect(twin.twin.stats().listing_calls).toBe(2)
  const left = await (await db()).selectFrom('listings').selectAll().execute()
  expect(left).toEqual([])
})

it('keeps what failed with its reason, and --retry-failed takes just that, as the run was run', async () => {
  const { sync, answer, twin, db } = await startHaierProject()
  let isDown = true
  const failing = new Set<string>()
  answer(paths.stock, (payload: unknown, { productCode }: { productCode: string }) => {
    if (isDown && failing.size < 3) failing.add(productCode)
    const refusal = { success: false, code: 'X1', message: '系统繁忙' }
    return isDown && failing.has(productCode) ? refusal : payload
  })

  const report = await sync(all)

  expect(report).toMatchObject({ status: 'partial', exit: 'partial' })
  expect(report.counters).toMatchObject({ read: 60, created: 57, failed: 3 })
  expect(new Set(report.failures.map(({ key }) => key))).toEqual(failing)
  const [failure] = report.failures
  expect(failure?.reason).toMatch(/^getStock: .*系统繁忙.*\(call [0-9A-Z]{26}\)/)
  const kept = await (await db()).selectFrom('run_failures').selectAll().execute()
  expect(JSON.parse(kept[0]?.raw ?? '')).toMatchObject({ code: kept[0]?.key })

  isDown = false
  const before = twin.twin.stats()
  const retried = await sync({}, { retryFailed: report.run })

  expect(retried).toMatchObject({ status: 'success', counters: { read: 3, created: 3 } })
  expect(twin.twin.stats().products_stocked).toBe((before.products_stocked ?? 0) + 3)
  expect(twin.twin.stats().products_priced).toBe((before.products_priced ?? 0) + 3)
  await expect(sync({}, { retryFailed: retried.run })).rejects.toMatchObject({
    message: expect.stringContaining('nothing failed'),
  })
})

it('stops when everything it asks for fails', async () => {
  const { sync, answer, twin } = await startHaierProject({ twin: { products: 400 } })
  answer(paths.stock, () => ({ success: false, code: 'X1', message: '系统繁忙' }))

  const report = await sync(all)

  expect(report).toMatchObject({ status: 'failed', exit: 'failed' })
  expect(report.error).toMatchObject({ code: 'guard_failures' })
  expect(report.error?.message).toMatch(/\d+ items in a row failed.*系统繁忙/)
  expect(twin.twin.stats().stock_calls).toBeLessThan(200)
})

it('stops when more than a fifth fails', async () => {
  const { sync, answer } = await startHaierProject({ twin: { products: 400 } })
  let asked = 0
  answer(paths.stock, (payload: unknown) =>
    asked++ % 3 === 0 ? { success: false, code: 'X1', message: '系统繁忙' } : payload,
  )

  const report = await sync(all)

  expect(report).toMatchObject({ status: 'failed', counters: { read: 100 } })
  expect(report.error?.message).toMatch(/\d+ of 100 items failed/)
})

it('asks a refused question once, so that the account is not locked', async () => {
  const { sync, twin, db } = await startHaierProject({ twin: { products: 400 } })
  const handle = twin.twin.handle.bind(twin.twin)
  let refused = 0
  twin.twin.handle = (request) => {
    if (!request.path.includes(paths.stock)) return handle(request)
    refused++
    return { status: 403, json: { success: false, code: '403', message: '无权限' } }
  }

  const report = await sync({ stock: true })

  expect(report).toMatchObject({ status: 'failed', exit: 'credentials', counters: { read: 0 } })
  expect(report.error).toMatchObject({ code: 'auth' })
  expect(refused).toBe(1)
  expect(await contentOf(await db())).toEqual([[], []])
})

it('ends at once with a wrong client secret', async () => {
  const { sync, twin, config } = await startHaierProject()
  const text = await readFile(config, 'utf8')
  await writeFile(config, text.replace('sandbox-client-secret', 'wrong'))

  const report = await sync(all)

  expect(report).toMatchObject({ status: 'failed', exit: 'credentials' })
  expect(twin.twin.stats()).toMatchObject({ listing_calls: 0, stock_calls: 0 })
  expect(twin.twin.stats().token_calls).toBeLessThanOrEqual(2)
})

it('ends when the breaker opens, and goes on at the same place once the vendor is back', async () => {
  const { sync, twin, db, close } = await startHaierProject({
    twin: { products: 200 },
    service: { retry: { attempts: 1 }, breaker: { failures: 5, open_for: '1s' } },
  })
  const handle = twin.twin.handle.bind(twin.twin)
  let isDown = false
  twin.twin.handle = (request) => {
    const isStock = request.path.includes(paths.stock)
    isDown ||= isStock && (twin.twin.stats().stock_calls ?? 0) >= 60
    return isDown && isStock ? { status: 503, text: '' } : handle(request)
  }

  const report = await sync(all)

  expect(report).toMatchObject({ status: 'failed', exit: 'temporary' })
  expect(report.error?.message).toContain('breaker')
  const saved = (await contentOf(await db()))[0] ?? []
  expect(saved).toHaveLength(report.counters.read - report.counters.failed)

  twin.twin.handle = handle
  await (await db()).deleteFrom('breakers').execute()
  await close()
  const next = await sync(all)
  expect(next).toMatchObject({ status: 'success', resumed_from: report.run })
  expect((await contentOf(await db()))[0]).toHaveLength(200)
  expect(twin.twin.stats()).toMatchObject({ listing_calls: 1 })
})
