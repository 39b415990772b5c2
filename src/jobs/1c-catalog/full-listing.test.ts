import { expect, it } from 'vitest'
import { exitOf } from '../../core/errors.ts'
import {
  catalogBytes,
  catalogue,
  document,
  importFiles,
  product,
} from '../../testing/onec-exchange.ts'
import { memoryState } from '../../testing/state.ts'
import type { Db } from '../../store/schema.ts'

const list = (count: number, prefix = 'p') =>
  Array.from({ length: count }, (_, number) => product(`${prefix}${number}`))

async function standings(db: Db): Promise<Record<string, string>> {
  const rows = await db
    .selectFrom('products')
    .select(['external_id', 'status'])
    .orderBy('external_id')
    .execute()
  return Object.fromEntries(rows.map((row) => [row.external_id, row.status]))
}

it('marks what a full listing lacks, deletes nothing, and takes it back into its old row', async () => {
  const db = await memoryState()
  await importFiles(db, { 'import.xml': catalogue(list(10), { full: true }) })
  const idOf = () =>
    db.selectFrom('products').select('id').where('external_id', '=', 'p9').executeTakeFirst()
  const id = await idOf()

  const shrunk = await importFiles(db, { 'import.xml': catalogue(list(9), { full: true }) })
  const after = await standings(db)
  const back = await importFiles(db, { 'import.xml': catalogue([product('p9')]) })

  expect(shrunk.counters).toMatchObject({ unchanged: 9, marked: 1 })
  expect(after).toMatchObject({ p8: 'active', p9: 'marked' })
  expect(back.counters).toMatchObject({ updated: 1 })
  expect(await standings(db)).toMatchObject({ p9: 'active' })
  expect(await idOf()).toEqual(id)
})

it('stops at the guard before anything is written, and says how to go on', async () => {
  const db = await memoryState()
  await importFiles(db, { 'import.xml': catalogue(list(10), { full: true }) })
  const before = await catalogBytes(db)
  const files = { 'import.xml': catalogue([...list(7), product('new')], { full: true }) }

  const stopped = await importFiles(db, files)
  const unchanged = await catalogBytes(db)
  const accepted = await importFiles(db, files, { accept_shrink: true })

  expect(stopped).toMatchObject({
    status: 'guarded',
    error: {
      code: 'guard_shrunk',
      message: expect.stringContaining('lacks 3 of 10 active products (30.0 %)'),
      hint: expect.stringContaining('--accept-shrink'),
    },
  })
  expect(exitOf(stopped.error)).toBe('guarded')
  expect(unchanged).toBe(before)
  expect(accepted.counters).toMatchObject({ created: 1, marked: 3 })
})

it('obeys the configured share', async () => {
  const db = await memoryState()
  await importFiles(db, { 'import.xml': catalogue(list(10), { full: true }) })

  const outcome = await importFiles(
    db,
    { 'import.xml': catalogue(list(7), { full: true }) },
    { max_shrink_percent: 30 },
  )

  expect(outcome).toMatchObject({ status: 'success', counters: { marked: 3 } })
})

it('concludes nothing from a full listing without products, even when told to accept', async () => {
  const db = await memoryState()
  await importFiles(db, { 'import.xml': catalogue(list(10), { full: true }) })

  const outcome = await importFiles(
    db,
    { 'import.xml': catalogue([], { full: true }) },
    { accept_shrink: true },
  )

  expect(outcome).toMatchObject({ status: 'success', counters: { marked: 0 } })
  expect(new Set(Object.values(await standings(db)))).toEqual(new Set(['active']))
})

it('counts the portions of a full run together, whichever of them says that it is full', async () => {
  const db = await memoryState()
  const all = list(10)
  await importFiles(db, { 'import.xml': catalogue(all, { full: true }) })

  const outcome = await importFiles(db, {
    'import0_2.xml': catalogue(all.slice(4)),
    'import0_1.xml': catalogue(all.slice(0, 4), { full: true }),
  })

  expect(outcome).toMatchObject({ status: 'success', counters: { unchanged: 10, marked: 0 } })
})

it('leaves other catalogues and other sources alone', async () => {
  const db = await memoryState()
  await importFiles(db, { 'a.xml': catalogue(list(5, 'a'), { id: 'A', full: true }) })
  await importFiles(db, { 'b.xml': catalogue(list(5, 'b'), { id: 'B', full: true }) })
  await importFiles(db, { 'a.xml': catalogue(list(5, 'a'), { id: 'A' }) }, { source: 'other' })

  const outcome = await importFiles(db, {
    'a.xml': catalogue(list(4, 'a'), { id: 'A', full: true }),
  })

  expect(outcome.counters.marked).toBe(1)
  const marked = await db
    .selectFrom('products')
    .select(['source', 'external_id'])
    .where('status', '=', 'marked')
    .execute()
  expect(marked).toEqual([{ source: '1c', external_id: 'a4' }])
})

it('marks nothing after a listing of changes', async () => {
  const db = await memoryState()
  await importFiles(db, { 'import.xml': catalogue(list(10), { full: true }) })

  const outcome = await importFiles(db, { 'import.xml': catalogue(list(1)) })

  expect(outcome.counters).toMatchObject({ unchanged: 1, marked: 0 })
})

it('takes a listing that does not say what it is for changes', async () => {
  const db = await memoryState()
  await importFiles(db, { 'import.xml': catalogue(list(3), { full: true }) })

  const outcome = await importFiles(db, {
    'import.xml': document(`<Каталог><Ид>cat</Ид><Товары>${product('p0')}</Товары></Каталог>`),
  })

  expect(outcome.counters).toMatchObject({ unchanged: 1, marked: 0 })
})

it('acts on a deletion mark at once, on that product alone, and keeps its content', async () => {
  const db = await memoryState()
  await importFiles(db, {
    'import.xml': catalogue([product('a', 'Первый', '<Артикул>1</Артикул>'), product('b')]),
  })

  const outcome = await importFiles(db, {
    'import.xml': catalogue([product('a', 'Первый', '', 'Удален')]),
  })
  const again = await importFiles(db, {
    'import.xml': catalogue([product('a', 'Первый', '', 'Удален')]),
  })

  expect(outcome.counters).toMatchObject({ updated: 1 })
  expect(again.counters).toMatchObject({ updated: 0, unchanged: 1 })
  expect(await standings(db)).toEqual({ a: 'marked', b: 'active' })
  const row = await db
    .selectFrom('products')
    .select(['article', 'marked_reason'])
    .where('external_id', '=', 'a')
    .executeTakeFirst()
  expect(row).toEqual({ article: '1', marked_reason: 'marked for deletion in 1C' })
})

it('takes the last word of an exchange about a product', async () => {
  const db = await memoryState()
  await importFiles(db, { 'import.xml': catalogue([product('a', 'Старый'), product('b')]) })

  await importFiles(db, {
    'import0_1.xml': catalogue([product('a', 'Новый'), product('c'), product('c', 'Второй раз')]),
    'import0_2.xml': catalogue([product('a', 'Старый'), product('c', '', '', 'Удален')]),
  })

  const rows = await db
    .selectFrom('products')
    .select(['external_id', 'name', 'status'])
    .orderBy('external_id')
    .execute()
  expect(rows).toEqual([
    { external_id: 'a', name: 'Старый', status: 'active' },
    { external_id: 'b', name: 'Товар b', status: 'active' },
    { external_id: 'c', name: 'Второй раз', status: 'marked' },
  ])
})

it('counts in a dry run what would be marked, and writes nothing', async () => {
  const db = await memoryState()
  await importFiles(db, { 'import.xml': catalogue(list(10), { full: true }) })
  const before = await catalogBytes(db)

  const outcome = await importFiles(
    db,
    { 'import.xml': catalogue([...list(8), product('p8', 'Другое имя')], { full: true }) },
    { isDryRun: true },
  )

  expect(outcome.counters).toMatchObject({ updated: 1, unchanged: 8, marked: 1 })
  expect(outcome.changes).toEqual([
    {
      key: 'p8',
      action: 'change',
      fields: [{ field: 'name', before: 'Товар p8', after: 'Другое имя' }],
    },
    { key: 'p9', action: 'mark', fields: [] },
  ])
  expect(await catalogBytes(db)).toBe(before)
})
