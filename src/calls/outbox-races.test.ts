/** What two processes, or two calls in one, may do to each other between any two steps. */
import { setImmediate as turn } from 'node:timers/promises'
import { CompiledQuery, createQueryId, type KyselyPlugin } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { IntegrationError } from '../core/errors.ts'
import { expireWaiting, pullBackWaiting } from '../store/outbox-due.ts'
import { deleteEndedBefore, listSending } from '../store/outbox-upkeep.ts'
import { thisProcess } from '../store/process-identity.ts'
import { createTestClock } from '../testing/clock.ts'
import { noteRoute, noteService, startNoteVendor } from '../testing/note-adapter.ts'
import { memoryCallLog, memoryState } from '../testing/state.ts'
import type { Route } from './call.ts'
import { createCallLog } from './log.ts'
import { type RouteFor, sendDue } from './outbox.ts'
import { settleForsaken } from './outbox-forsaken.ts'
import { createCallPath } from './path.ts'

/** On this host, and not running: numbers end below. https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html */
const gone = { host: thisProcess().host, pid: 4_194_305, process_started_at: 'before' }

async function prepare(more: Partial<Route> = {}) {
  const vendor = await startNoteVendor()
  const clock = createTestClock()
  const db = await memoryState()
  const log = createCallLog(await memoryCallLog(), clock)
  onTestFinished(log.close)
  const path = createCallPath({ db, log, clock, random: () => 0 })
  const route = noteRoute([noteService(vendor.url, { clock })], more)
  const { signal } = new AbortController()
  const leaseUntil = new Date(clock.now().getTime() + 60_000).toISOString()
  return {
    vendor,
    clock,
    db,
    path,
    route,
    rows: () => db.selectFrom('outbox').selectAll().orderBy('position').execute(),
    queue: (text: string, operation = 'sendOnce', idempotencyKey?: string) =>
      path.enqueue(route, operation, { to: [text], text }, { idempotencyKey }),
    ask: (operation: string, text: string, idempotencyKey: string, along = route) =>
      path.ask(along, operation, { to: ['a'], text }, { idempotencyKey }),
    send: (routeFor: RouteFor = async () => route) =>
      sendDue({ db, clock, path, signal, routeFor }),
    /** As a process leaves it that was killed. */
    forsake: (id: string, served_by: string | null) =>
      db
        .updateTable('outbox')
        .set({ ...gone, status: 'sending', tries: 1, served_by, lease_until: leaseUntil })
        .where('id', '=', id)
        .execute(),
  }
}

it('a call that was begun since it was looked at is not taken for one that was not', async () => {
  const { vendor, clock, db, route, queue, forsake, send, rows } = await prepare()
  const [one, two] = [await queue('one'), await queue('two')]
  await forsake(one.id, 'note')
  await forsake(two.id, null)
  /** While the first is judged, the process of the second begins to send, and is killed. */
  const routeFor = async (): Promise<Route> => {
    await db.updateTable('outbox').set({ served_by: 'note' }).where('id', '=', two.id).execute()
    return route
  }

  await settleForsaken({ db, clock, routeFor })
  await send()

  expect(vendor.requests()).toBe(0)
  expect(await rows()).toMatchObject([{ status: 'unknown' }, { status: 'unknown' }])
})

it('an end that was written since is not written over', async () => {
  const { clock, db, route, queue, forsake, rows } = await prepare()
  const [one, two] = [await queue('one'), await queue('two')]
  await forsake(one.id, 'note')
  await forsake(two.id, 'note')
  await db.updateTable('outbox').set({ deadline_at: null }).where('id', '=', two.id).execute()
  const told = '{"kind":"timeout","message":"no answer"}'
  const routeFor = async (): Promise<Route> => {
    const end = { status: 'unknown' as const, error: told, finished_at: clock.now().toISOString() }
    await db.updateTable('outbox').set(end).where('id', '=', two.id).execute()
    return route
  }

  await settleForsaken({ db, clock, routeFor })

  expect((await rows())[1]?.error).toBe(told)
})

it('of two calls that make a failed one again at once, one is made and the other is told so', async () => {
  const { vendor, ask, rows } = await prepare()
  vendor.behave('hello', 'reject')
  await ask('sendOnce', 'hello', 'k').catch(() => undefined)
  let answer = (): void => undefined
  vendor.hold(new Promise((resolve) => (answer = resolve)))

  const asking = [ask('sendOnce', 'hello', 'k'), ask('sendOnce', 'hello', 'k')]
  const ends = Promise.allSettled(asking)
  const first = await Promise.race(asking).catch((error: unknown) => error)
  const during = await ask('sendOnce', 'hello', 'k').catch((error: unknown) => error)
  answer()
  await ends

  expect([first, during]).toMatchObject([{ code: 'call_running' }, { code: 'call_running' }])
  expect(vendor.delivered).toHaveLength(1)
  expect(await rows()).toMatchObject([{ status: 'done' }])
})

it('of two calls that repeat an interrupted one at once, one is made and the other is told so', async () => {
  const { vendor, db, ask, rows } = await prepare()
  const { id } = await ask('sendByKey', 'hello', 'k')
  const interrupted = { status: 'sending' as const, output: null, finished_at: null, ...gone }
  await db.updateTable('outbox').set(interrupted).where('id', '=', id).execute()

  const ends = await Promise.all(
    [1, 2].map(() =>
      ask('sendByKey', 'hello', 'k').then(
        ({ outcome }) => outcome,
        (error: { code: string }) => error.code,
      ),
    ),
  )

  expect(ends.toSorted()).toEqual(['call_running', 'done'])
  expect(vendor.requests()).toBe(2)
  expect(await rows()).toMatchObject([{ id, status: 'done', tries: 2 }])
})

it('a key is not repeated at a service that the call had left since', async () => {
  const { vendor, clock, db, ask, rows } = await prepare()
  const other = await startNoteVendor()
  const services = [
    noteService(vendor.url, { name: 'one', clock }),
    noteService(other.url, { name: 'two', clock }),
  ]
  const both = noteRoute(services)
  const { id } = await ask('sendByKey', 'hello', 'k', both)
  const sending = { status: 'sending' as const, output: null, finished_at: null, ...gone }
  await db.updateTable('outbox').set(sending).where('id', '=', id).execute()
  const before = [vendor.requests(), other.requests()]
  let isLooked = false
  const [first, second] = both.candidates
  /** The process that sends it goes on to the next service while it is looked at, and is killed. */
  const open = async () => {
    if (!isLooked) await db.updateTable('outbox').set({ served_by: 'two' }).execute()
    isLooked = true
    return services[0]!
  }

  await ask('sendByKey', 'hello', 'k', { ...both, candidates: [{ ...first!, open }, second!] })

  expect([vendor.requests(), other.requests()]).toEqual([before[0], 1])
  expect(await rows()).toMatchObject([{ id, status: 'done', served_by: 'two' }])
})

it('a read whose process was killed may be answered by any service', async () => {
  const { path, route, forsake, send } = await prepare()
  const { id } = await path.enqueue(route, 'read', { id: '1' })
  await forsake(id, 'note')
  const asked: (string | null)[] = []

  await send(async (_kind, service) => {
    asked.push(service)
    return route
  })

  expect(asked).toEqual([null])
})

it('what is cancelled though nobody has asked for it waits as everything else does', async () => {
  const { clock, db, route, queue, rows } = await prepare()
  await queue('hello')
  let tries = 0
  const ask = async (): Promise<never> => {
    if (++tries > 3) throw new Error('it goes round and round')
    throw new IntegrationError({ kind: 'cancelled', message: 'closed' })
  }
  const { signal } = new AbortController()

  await sendDue({ db, clock, path: { ask }, signal, routeFor: async () => route })

  expect(tries).toBe(1)
  const [row] = await rows()
  expect(row).toMatchObject({ status: 'waiting' })
  expect(Date.parse(row?.next_at ?? '') - clock.now().getTime()).toBe(60_000)
})

it('whoever listens cannot stop the others', async () => {
  const { clock, db, path, route, queue, rows } = await prepare()
  for (let n = 0; n < 6; n++) await queue(String(n))
  const troubles: unknown[] = []
  const { signal } = new AbortController()

  await sendDue({
    db,
    clock,
    path,
    signal,
    routeFor: async () => route,
    onTrouble: (error) => troubles.push(error),
    onSent() {
      throw new Error('the pipe is closed')
    },
  })
  await turn()

  expect((await rows()).map(({ status }) => status)).toEqual(Array(6).fill('done'))
  expect(troubles).toHaveLength(6)
})

it('looks at nothing that has ended, however much that is', async () => {
  const db = await memoryState()
  const plans: Promise<{ rows: unknown[] }>[] = []
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      const { sql: text, parameters } = db.getExecutor().compileQuery(node, createQueryId())
      plans.push(db.executeQuery(CompiledQuery.raw(`explain query plan ${text}`, [...parameters])))
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const now = new Date('2026-03-01T00:00:00.000Z')
  const told = db.withPlugin(plugin)

  await listSending(told)
  await expireWaiting(told, now)
  await pullBackWaiting(told, now, 1000)
  await deleteEndedBefore(told, now)

  const [sending, late, far, old] = (await Promise.all(plans)).map(({ rows }) =>
    JSON.stringify(rows),
  )
  for (const plan of [sending, late, far]) expect(plan).toContain('INDEX outbox_due')
  expect(old).toContain('INDEX outbox_finished')
})
