import { expect, it, onTestFinished } from 'vitest'
import { deleteCachedBefore } from '../store/cached-answers.ts'
import { createTestClock } from '../testing/clock.ts'
import { noteRoute, noteService, startNoteVendor } from '../testing/note-adapter.ts'
import { memoryCallLog, memoryState } from '../testing/state.ts'
import type { Route } from './call.ts'
import { createCallLog } from './log.ts'
import { createCallPath } from './path.ts'

const minuteMs = 60_000

async function prepare(more: Partial<Route>) {
  const vendor = await startNoteVendor()
  const clock = createTestClock()
  const [db, logDb] = [await memoryState(), await memoryCallLog()]
  const log = createCallLog(logDb, clock)
  onTestFinished(log.close)
  const troubles: unknown[] = []
  const onTrouble = (error: unknown) => void troubles.push(error)
  const path = createCallPath({ db, log, clock, random: () => 0, onTrouble })
  const route = noteRoute([noteService(vendor.url, { clock })], more)
  return {
    vendor,
    clock,
    db,
    path,
    route,
    troubles,
    read: (id = '1') => path.ask(route, 'read', { id }),
    steps: async () => {
      await log.flush()
      const calls = await logDb.selectFrom('calls').select('steps').orderBy('seq').execute()
      return calls.map(({ steps }) => steps ?? '')
    },
  }
}

it('serves a young answer without asking, with its age, and asks again when it is old', async () => {
  const { vendor, clock, read, steps } = await prepare({ cacheForMs: minuteMs })

  const first = await read()
  await clock.advance(minuteMs - 1)
  const young = await read()
  const other = await read('2')
  await clock.advance(1)
  const old = await read()

  expect(first).toMatchObject({ output: { value: 1 }, ageMs: null, isStale: false })
  expect(young).toMatchObject({ output: { value: 1 }, ageMs: minuteMs - 1, isStale: false })
  expect(young).toMatchObject({ outcome: 'done', service: 'note' })
  expect(other).toMatchObject({ output: { value: 2 }, ageMs: null })
  expect(old).toMatchObject({ output: { value: 3 }, ageMs: null })
  expect(vendor.requests()).toBe(3)
  expect((await steps())[1]).toContain('cached')
})

it('asks every time where the route does not want it', async () => {
  const { vendor, db, read } = await prepare({})

  await read()
  await read()

  expect(vendor.requests()).toBe(2)
  expect(await db.selectFrom('cached_answers').selectAll().execute()).toEqual([])
})

const cached = { whenUnavailable: 'cached', staleForMs: 60 * minuteMs } as const

it('serves the last good answer, marked as stale, while the vendor is down', async () => {
  const { vendor, clock, read } = await prepare(cached)
  await read()
  vendor.always('down')
  await clock.advance(60 * minuteMs - 1)

  const stale = await read()
  await clock.advance(1)

  expect(stale).toMatchObject({ output: { value: 1 }, ageMs: 60 * minuteMs - 1, isStale: true })
  await expect(read()).rejects.toMatchObject({ kind: 'unavailable' })
  await expect(read('never asked')).rejects.toMatchObject({ kind: 'unavailable' })
})

it.each([
  ['is not JSON', { output: '{' }],
  ['is not what the operation answers', { output: '{"value":"many"}' }],
  ['comes from the future', { stored_at: '2030-01-01T00:00:00.000Z' }],
  ['has no time', { stored_at: 'yesterday' }],
])('an answer that %s is as good as none', async (_name, change) => {
  const { vendor, db, read } = await prepare({ ...cached, cacheForMs: minuteMs })
  await read()
  await db.updateTable('cached_answers').set(change).execute()

  const again = await read()
  await db.updateTable('cached_answers').set(change).execute()
  vendor.always('down')

  expect(again).toMatchObject({ output: { value: 2 }, ageMs: null })
  await expect(read()).rejects.toMatchObject({ kind: 'unavailable' })
})

it('an answer of another version of the operation is not served', async () => {
  const { vendor, path, route, read } = await prepare({ cacheForMs: minuteMs })
  await read()
  const shape = route.kind.operations.read!
  const operations = { ...route.kind.operations, read: { ...shape, cacheVersion: 2 } }

  await path.ask({ ...route, kind: { ...route.kind, operations } }, 'read', { id: '1' })

  expect(vendor.requests()).toBe(2)
})

it('an answer of another service does not stand for the one that was asked by name', async () => {
  const { vendor, path, route, read } = await prepare({ cacheForMs: minuteMs })
  await read()

  await path.ask(route, 'read', { id: '1' }, { service: 'note' })
  const before = vendor.requests()
  await path.ask(route, 'read', { id: '1' }, { service: 'other' })

  expect([before, vendor.requests()]).toEqual([1, 2])
})

it('a cache that cannot be read or written fails no call', async () => {
  const { db, read, troubles } = await prepare({ cacheForMs: minuteMs })
  await db.schema.dropTable('cached_answers').execute()

  const reply = await read()

  expect(reply.output).toEqual({ value: 1 })
  expect(troubles).toHaveLength(2)
})

it('writes are never served from it', async () => {
  const { vendor, path, route } = await prepare({ ...cached, cacheForMs: minuteMs })
  const input = { to: ['a'], text: 'hello' }

  await path.ask(route, 'sendOnce', input)
  await path.ask(route, 'sendOnce', input)

  expect(vendor.delivered).toHaveLength(2)
})

it('old answers are deleted in small parts', async () => {
  const { clock, db, read } = await prepare({ cacheForMs: minuteMs })
  for (const id of ['1', '2', '3']) await read(id)
  const border = new Date(clock.now().getTime() + 1)

  expect(await deleteCachedBefore(db, border, 2)).toBe(2)
  expect(await deleteCachedBefore(db, border, 2)).toBe(1)
  expect(await deleteCachedBefore(db, border, 2)).toBe(0)
})
