import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { CaravanError, IntegrationError } from '../core/errors.ts'
import { changeBreaker } from '../store/breakers.ts'
import { createTestClock } from '../testing/clock.ts'
import { type Behaviour, noteRoute, noteService, startNoteVendor } from '../testing/note-adapter.ts'
import { memoryCallLog, memoryState } from '../testing/state.ts'
import type { Route } from './call.ts'
import { type BreakerState, closedBreaker, trip } from './breaker-state.ts'
import { createCallLog } from './log.ts'
import { sendDue } from './outbox.ts'
import { type AskOptions, createCallPath } from './path.ts'
import { createRedactor } from './redact.ts'
import type { Step } from './steps.ts'

async function prepare(more: Partial<Route> = {}) {
  const vendor = await startNoteVendor()
  const clock = createTestClock()
  const [db, logDb] = [await memoryState(), await memoryCallLog()]
  const log = createCallLog(logDb, clock)
  onTestFinished(log.close)
  const troubles: unknown[] = []
  const onTrouble = (error: unknown) => void troubles.push(error)
  const path = createCallPath({ db, log, clock, random: () => 0, onTrouble })
  const service = noteService(vendor.url, { clock })
  const route = noteRoute([service], more)
  const rows = () => db.selectFrom('outbox').selectAll().orderBy('position').execute()
  return {
    vendor,
    clock,
    db,
    path,
    route,
    service,
    troubles,
    rows,
    ask: (operation: string, text: string, idempotencyKey?: string, options?: AskOptions) =>
      path.ask(route, operation, { to: ['a'], text }, { ...options, idempotencyKey }),
    logged: async () => {
      await log.flush()
      return logDb.selectFrom('calls').selectAll().orderBy('seq').execute()
    },
  }
}

const helloInput = { to: ['a'], text: 'hello' }

it('stands there as sending, with its input, before its request leaves', async () => {
  const { vendor, ask, rows } = await prepare()
  let answer = (): void => undefined
  vendor.hold(new Promise((resolve) => (answer = resolve)))
  const asking = ask('sendOnce', 'hello')
  while (vendor.requests() === 0) await turn()

  const during = await rows()
  answer()
  const { id } = await asking

  expect(during).toMatchObject([{ id, status: 'sending', pid: process.pid }])
  expect(JSON.parse(during[0]?.input ?? '')).toMatchObject(helloInput)
  expect(await rows()).toMatchObject([
    { id, status: 'done', input: null, idempotency_key: id, served_by: 'note', exchanges: 1 },
  ])
})

it.each<[Behaviour, string, string | undefined]>([
  ['ok', 'done', undefined],
  ['partial', 'partial', undefined],
  ['reject', 'failed', 'rejected'],
  [{ retryAfter: 3600 }, 'failed', 'rate_limited'],
  ['down', 'unknown', 'unavailable'],
  ['act-reset', 'unknown', 'unavailable'],
])('%j leaves a row that is %s', async (behaviour, status, kind) => {
  const { vendor, ask, rows } = await prepare()
  vendor.behave('hello', behaviour)

  await ask('sendOnce', 'hello').catch(() => undefined)

  const [row] = await rows()
  const input = status === 'unknown' ? JSON.stringify({ ...helloInput, isNote: true }) : null
  expect(row).toMatchObject({ status, host: null, lease_until: null, input })
  expect(row?.finished_at).not.toBeNull()
  expect((JSON.parse(row?.error ?? '{}') as { kind?: string }).kind).toBe(kind)
})

it('reading leaves no row', async () => {
  const { path, route, rows } = await prepare()

  await path.ask(route, 'read', { id: '1' }, { idempotencyKey: 'k' })

  expect(await rows()).toEqual([])
})

const asIs = (error: unknown): unknown => error

it('the same key again sends nothing and answers as the first time, under its id', async () => {
  const { vendor, ask, path, route, logged } = await prepare()
  const first = await ask('sendOnce', 'hello', 'k')

  const again = await ask('sendOnce', 'hello', 'k')
  const queued = await path.enqueue(route, 'sendOnce', helloInput, { idempotencyKey: 'k' })

  expect(first.repeated).toBeUndefined()
  const repeated = { at: '2026-03-01T00:00:00.000Z', service: 'note' }
  for (const reply of [again, queued]) expect(reply).toEqual({ ...first, repeated })
  expect(vendor.requests()).toBe(1)
  expect(await logged()).toMatchObject([{ id: first.id, attempts: 1, service: 'note' }])
})

it('the same key after an unknown end tells of that call, and leaves its row in the log', async () => {
  const { vendor, ask, logged } = await prepare()
  vendor.behave('hello', 'act-reset')
  const first = (await ask('sendOnce', 'hello', 'k').catch(asIs)) as IntegrationError

  const again = (await ask('sendOnce', 'hello', 'k').catch(asIs)) as IntegrationError

  expect(again).toMatchObject({ outcome: 'unknown', callId: first.callId })
  expect(await logged()).toMatchObject([{ id: first.callId, outcome: 'unknown', attempts: 1 }])
})

it('a queued call with a key that waits already says since when', async () => {
  const { path, route, logged } = await prepare()
  const first = await path.enqueue(route, 'sendOnce', helloInput, { idempotencyKey: 'k' })

  const again = await path.enqueue(route, 'sendOnce', helloInput, { idempotencyKey: 'k' })

  expect(again).toMatchObject({ id: first.id, outcome: 'accepted' })
  expect(again.repeated).toEqual({ at: '2026-03-01T00:00:00.000Z', service: null })
  expect(await logged()).toHaveLength(1)
})

it('a key belongs to one operation with one input, however its fields are ordered', async () => {
  const { vendor, path, route, ask } = await prepare()
  await ask('sendOnce', 'hello', 'k')

  await path.ask(route, 'sendOnce', { text: 'hello', to: ['a'] }, { idempotencyKey: 'k' })
  await path.ask(route, 'sendByKey', { text: 'other', to: ['a'] }, { idempotencyKey: 'k' })
  await expect(ask('sendOnce', 'other', 'k')).rejects.toMatchObject({ code: 'key_reused' })

  expect(vendor.requests()).toBe(2)
})

it('the same key after an unknown end repeats nothing and says so', async () => {
  const { vendor, ask, rows } = await prepare()
  vendor.behave('hello', 'act-reset')
  await ask('sendOnce', 'hello', 'k').catch(() => undefined)
  const [row] = await rows()

  const again = await ask('sendOnce', 'hello', 'k').catch((error: unknown) => error)

  expect(again).toMatchObject({ outcome: 'unknown', kind: 'unavailable' })
  expect((again as { hint: string }).hint).toContain(row!.id)
  expect(vendor.requests()).toBe(1)
})

it('the same key after a call that was certainly not done makes it again under its row', async () => {
  const { vendor, ask, rows } = await prepare()
  vendor.behave('hello', 'reject')
  await ask('sendOnce', 'hello', 'k').catch(() => undefined)
  const [failed] = await rows()

  const { id } = await ask('sendOnce', 'hello', 'k')

  expect(id).toBe(failed?.id)
  expect(await rows()).toMatchObject([{ id, status: 'done', tries: 2, exchanges: 2, error: null }])
  expect(vendor.delivered).toHaveLength(1)
})

it('of twenty calls with one key at once, one is made and the others say that it is under way', async () => {
  const { vendor, ask, rows } = await prepare()

  const ends = await Promise.all(
    Array.from({ length: 20 }, () =>
      ask('sendOnce', 'hello', 'k').then(
        ({ outcome }) => outcome,
        (error: { code: string }) => error.code,
      ),
    ),
  )

  expect(vendor.requests()).toBe(1)
  expect(await rows()).toHaveLength(1)
  expect(ends.filter((end) => end === 'done')).not.toEqual([])
  expect(ends.filter((end) => end !== 'done' && end !== 'call_running')).toEqual([])
})

it('a disk that is full at the intent fails the call before anything is sent', async () => {
  const { vendor, db, ask } = await prepare()
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db)
  await sql`pragma max_page_count = ${sql.lit(rows[0]!.page_count)}`.execute(db)
  const fill = async () => {
    for (let n = 0; ; n++) await ask('sendOnce', `hello ${n} ${'x'.repeat(500)}`, `k${n}`)
  }

  await expect(fill()).rejects.toMatchObject({ code: 'state_full' })
  const before = vendor.requests()
  await expect(ask('sendOnce', 'x'.repeat(9000), 'y'.repeat(9000))).rejects.toMatchObject({
    code: 'state_full',
  })

  expect(vendor.requests()).toBe(before)
})

it('an end that cannot be written makes no failure of what was done; it is found as unknown', async () => {
  const { vendor, db, path, clock, route, ask, troubles, rows } = await prepare()
  await sql`create trigger no_end before update on outbox begin select raise(abort, 'no'); end`.execute(
    db,
  )

  const reply = await ask('sendOnce', 'hello', 'k')
  await sql`drop trigger no_end`.execute(db)
  const again = await ask('sendOnce', 'hello', 'k').catch((error: unknown) => error)
  const signal = new AbortController().signal
  await sendDue({ db, clock, path, signal, routeFor: async () => route })

  expect(reply.outcome).toBe('done')
  expect(troubles).toHaveLength(1)
  expect(again).toMatchObject({ outcome: 'unknown', code: 'interrupted' })
  expect(await rows()).toMatchObject([
    { status: 'unknown', input: expect.stringContaining('hello') },
  ])
  expect(vendor.requests()).toBe(1)
})

it('a call that its caller gave up is settled all the same', async () => {
  const { vendor, ask, rows } = await prepare()
  const controller = new AbortController()
  vendor.hold(new Promise(() => undefined))
  const asking = ask('sendOnce', 'hello', 'k', { signal: controller.signal })
  asking.catch(() => undefined)
  while (vendor.requests() === 0) await turn()

  controller.abort()

  await expect(asking).rejects.toMatchObject({ kind: 'cancelled', outcome: 'unknown' })
  expect(await rows()).toMatchObject([{ status: 'unknown', host: null }])
})

const queued = { whenUnavailable: 'queue' } as const

it('when no service can take it, it is queued, and sent once one can', async () => {
  const { vendor, db, clock, path, route, ask, rows, logged } = await prepare(queued)
  vendor.behave('hello', { retryAfter: 3600 })

  const reply = await ask('sendOnce', 'hello')
  const [waiting] = await rows()
  await clock.advance(3_600_000)
  const signal = new AbortController().signal
  await sendDue({ db, clock, path, signal, routeFor: async () => route })

  expect(reply).toMatchObject({ outcome: 'accepted', output: null, service: null })
  expect(waiting).toMatchObject({ id: reply.id, status: 'waiting', served_by: null, tries: 1 })
  expect(waiting?.next_at).toBe('2026-03-01T01:00:00.000Z')
  expect(await rows()).toMatchObject([{ id: reply.id, status: 'done', tries: 2, exchanges: 2 }])
  expect(vendor.delivered).toHaveLength(1)
  expect((await logged()).at(-1)).toMatchObject({ id: reply.id, outcome: 'done' })
})

it('what is queued tells which service said what, and until when', async () => {
  const { db, clock, vendor, path, service, rows, logged } = await prepare()
  const tripped = noteService(vendor.url, { clock, name: 'other' })
  vendor.behave('hello', { retryAfter: 3600 })
  await changeBreaker<BreakerState>(db, 'other', closedBreaker(tripped.guards.breaker), (state) =>
    trip(state, { ms: 0, untilMs: Date.UTC(2026, 2, 1, 2), by: 'tester', reason: 'repairs' }),
  )
  const route = noteRoute([service, tripped], queued)

  const { reason } = await path.ask(route, 'sendOnce', helloInput)

  expect(reason).toMatchObject({ outcome: 'not_done' })
  expect(reason?.message).toMatch(
    /^note: .+, until 2026-03-01 01:00:00 UTC; other: the breaker is open: opened by tester: repairs, until 2026-03-01 02:00:00 UTC$/,
  )
  expect((await rows())[0]?.error).toContain('other: the breaker is open')
  const steps = JSON.parse((await logged())[0]?.steps ?? '[]') as Step[]
  expect(steps.at(-1)).toMatchObject({ what: 'queued' })
  expect(steps.at(-1)?.text).toContain(reason?.message)
})

it('is queued too when its one service cannot even be opened', async () => {
  const { vendor, path, route, rows } = await prepare(queued)
  const open = () =>
    Promise.reject(new CaravanError({ code: 'placeholder_unset', message: 'unset' }))
  const shut = { ...route, candidates: route.candidates.map((one) => ({ ...one, open })) }

  const reply = await path.ask(shut, 'sendOnce', { to: ['a'], text: 'hello' })

  expect(reply.outcome).toBe('accepted')
  expect(await rows()).toMatchObject([{ id: reply.id, status: 'waiting', exchanges: 0 }])
  expect(vendor.requests()).toBe(0)
})

it.each<[string, Behaviour, string]>([
  ['sendOnce', 'reject', 'failed'],
  ['sendOnce', 'act-reset', 'unknown'],
  ['sendByKey', 'down', 'unknown'],
  ['pay', { retryAfter: 3600 }, 'failed'],
])('%s that ends with %j is never queued', async (operation, behaviour, status) => {
  const { vendor, ask, rows } = await prepare(queued)
  vendor.always(behaviour)

  await expect(ask(operation, 'hello')).rejects.toBeInstanceOf(IntegrationError)

  expect(await rows()).toMatchObject([{ status }])
})

it('what was asked of one service by name is sent to that one later, too', async () => {
  const { vendor, db, clock, path, route, ask } = await prepare(queued)
  vendor.behave('hello', { retryAfter: 60 })
  await ask('sendOnce', 'hello', undefined, { service: 'note' })
  await clock.advance(60_000)
  const asked: (string | null)[] = []
  const routeFor = async (_kind: string, service: string | null) => {
    asked.push(service)
    return route
  }

  await sendDue({ db, clock, path, signal: new AbortController().signal, routeFor })

  expect(asked).toEqual(['note'])
})

it('a second call with the key of a queued one is accepted under its id', async () => {
  const { vendor, path, route, ask, rows } = await prepare()
  const input = { to: ['a'], text: 'hello' }
  const first = await path.enqueue(route, 'sendOnce', input, { idempotencyKey: 'k' })

  const again = await path.enqueue(route, 'sendOnce', input, { idempotencyKey: 'k' })
  const direct = await ask('sendOnce', 'hello', 'k')

  expect([again, direct]).toMatchObject([
    { id: first.id, outcome: 'accepted' },
    { id: first.id, outcome: 'accepted' },
  ])
  expect(await rows()).toHaveLength(1)
  expect(vendor.requests()).toBe(0)
})

it('no secret that a vendor echoes stands in the state', async () => {
  const { vendor, service, ask, rows } = await prepare()
  service.redactor = createRedactor(['hunter2-token', '40961234'])

  await ask('sendOnce', 'hunter2-token').catch(() => undefined)
  vendor.behave('x hunter2-token', 'reject')
  await ask('sendOnce', 'x hunter2-token').catch(() => undefined)

  expect(JSON.stringify(await rows())).not.toContain('hunter2-token')
  expect((await rows())[0]?.output).toBe('{"id":"***"}')
})
