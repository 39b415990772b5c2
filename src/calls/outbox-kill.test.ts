/** The outbox and kill -9: no call is lost, none that may not is sent twice. */
import { expect, it, onTestFinished } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { startChild } from '../testing/child.ts'
import { noteRoute, noteService, startNoteVendor } from '../testing/note-adapter.ts'
import { fileState } from '../testing/state.ts'
import { createCallLog } from './log.ts'
import { sendDue } from './outbox.ts'
import { createCallPath } from './path.ts'

const seed = Number(process.env.CARAVAN_SEED ?? Math.floor(Math.random() * 1e6))
/** Every step of a call is a write that waits for the disk; nothing here is about how long that takes. */
const patienceMs = 600_000
const isLong = process.env.CARAVAN_FAULTS === 'long'

async function prepare() {
  const vendor = await startNoteVendor()
  const { state, log: file } = await fileState()
  const log = createCallLog(file.db, clock)
  onTestFinished(log.close)
  const path = createCallPath({ db: state.db, log, clock })
  const route = noteRoute([noteService(vendor.url)])
  const rows = () => state.db.selectFrom('outbox').selectAll().orderBy('position').execute()
  const child = (words: string[], killAt = '') =>
    startChild('outbox-child.ts', words[0]!, state.path, vendor.url, killAt, ...words.slice(1))
  return { vendor, state, path, route, rows, child }
}

/** The point, whether a row stands there then, and whether the vendor has acted. */
const points = [
  ['open', false, false],
  ['begun', true, false],
  ['act-kill', true, true],
  ['answered', true, true],
] as const
const cases = points.flatMap((point) => [
  ['sendByKey', ...point] as const,
  ['sendOnce', ...point] as const,
])

it.each(cases)(
  'a direct %s killed at "%s" is found again by its key',
  async (operation, point, hasRow, hasActed) => {
    const { vendor, path, route, rows, child } = await prepare()
    if (point === 'act-kill') vendor.behave('hello', point)

    const killed = child(['call', operation, 'key-1', 'hello'], point)
    expect(await killed.ended).toBeNull()
    const left = await rows()
    const again = await path
      .ask(route, operation, { to: ['a'], text: 'hello' }, { idempotencyKey: 'key-1' })
      .catch((error: unknown) => error)

    const isSentAgain = operation === 'sendByKey' || !hasRow
    expect(left.map(({ status }) => status)).toEqual(hasRow ? ['sending'] : [])
    expect(again).toMatchObject({ outcome: isSentAgain ? 'done' : 'unknown' })
    expect(vendor.delivered).toHaveLength(isSentAgain || hasActed ? 1 : 0)
    const [row, ...more] = await rows()
    expect(more).toEqual([])
    expect(row?.input?.includes('hello') ?? false).toBe(!isSentAgain) // kept while nobody knows
    expect(row).toMatchObject({ idempotency_key: 'key-1', id: left[0]?.id ?? row?.id })
    expect(row?.status).toBe(isSentAgain ? 'done' : 'sending')
  },
)

it.each(cases)(
  'a queued %s killed at "%s" is not lost',
  async (operation, point, hasBegun, hasActed) => {
    const { vendor, state, path, route, rows, child } = await prepare()
    const { id } = await path.enqueue(route, operation, { to: ['a'], text: 'hello' })
    if (point === 'act-kill') vendor.behave('hello', point)

    const killed = child(['send'], point)
    expect(await killed.ended).toBeNull()
    const left = await rows()
    const signal = new AbortController().signal
    await sendDue({ db: state.db, clock, path, signal, routeFor: async () => route })

    const isSentAgain = operation === 'sendByKey' || !hasBegun
    expect(left).toMatchObject([{ id, status: 'sending', tries: 1 }])
    expect(await rows()).toMatchObject([{ id, status: isSentAgain ? 'done' : 'unknown' }])
    expect(vendor.delivered).toHaveLength(isSentAgain || hasActed ? 1 : 0)
    expect(vendor.requests()).toBe((hasActed ? 1 : 0) + (isSentAgain ? 1 : 0))
  },
)

it(
  'kill -9 at random times: keyed calls are delivered once, others at most once, each in its order',
  { timeout: patienceMs },
  async () => {
    process.stdout.write(`CARAVAN_SEED=${seed}\n`)
    const { vendor, path, route, rows, child } = await prepare()
    const [count, kills] = isLong ? [1500, 60] : [120, 4]
    const random = randomFrom(seed)
    for (let n = 0; n < count; n++) {
      const operation = random() < 0.6 ? 'sendByKey' : 'sendOnce'
      const to = [`person ${Math.floor(random() * 12)}`]
      await path.enqueue(route, operation, { to, text: String(n) })
    }

    const lines: string[] = []
    for (let n = 0; n < kills; n++) {
      const pair = [child(['send']), child(['send'])]
      await Promise.all(pair.map((one) => one.printed(1)))
      await clock.sleep(5 + random() * 60)
      await Promise.all(pair.map((one) => one.kill()))
      lines.push(...pair.flatMap((one) => one.lines()))
    }
    const last = child(['send'])
    await last.ended
    lines.push(...last.lines())

    const all = await rows()
    const times = (text: string) => vendor.delivered.filter((one) => one.text === text).length
    const textOf = new Map(all.map((row, n) => [row.id, String(n)]))
    const figures: Record<string, number> = { kills: kills * 2, requests: vendor.requests() }
    for (const { operation, status } of all) {
      figures[`${operation} ${status}`] = (figures[`${operation} ${status}`] ?? 0) + 1
    }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    expect(all).toHaveLength(count)
    for (const { id, operation, status } of all) {
      const delivered = times(textOf.get(id)!)
      const allowed = operation === 'sendByKey' ? ['done 1'] : ['done 1', 'unknown 0', 'unknown 1']
      expect({ id, is: `${status} ${delivered}` }).toMatchObject({ is: expect.toBeOneOf(allowed) })
    }
    const told = lines
      .filter((line) => / (done|unknown)$/.test(line))
      .map((line) => line.split(' ')[0])
    expect(new Set(told).size).toBe(told.length) // no end was told twice
    for (let n = 0; n < 12; n++) {
      const order = vendor.delivered
        .filter(({ to }) => to[0] === `person ${n}`)
        .map(({ text }) => Number(text))
      expect(order).toEqual(order.toSorted((a, b) => a - b))
    }
  },
)

it('four processes on one outbox never send a call twice', { timeout: patienceMs }, async () => {
  const { vendor, path, route, rows, child } = await prepare()
  const count = isLong ? 1000 : 80
  for (let n = 0; n < count; n++) {
    await path.enqueue(route, 'sendOnce', { to: [`person ${n % 40}`], text: String(n) })
  }

  const workers = Array.from({ length: 4 }, () => child(['send']))
  await Promise.all(workers.map(({ ended }) => ended))

  expect((await rows()).every(({ status, tries }) => status === 'done' && tries === 1)).toBe(true)
  expect(vendor.requests()).toBe(count)
  expect(new Set(vendor.delivered.map(({ text }) => text)).size).toBe(count)
  const shares = workers.map((one) => one.lines().length - 2)
  process.stdout.write(`${JSON.stringify({ sent: count, shares })}\n`)
  expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count)
})

/** mulberry32: the same numbers for the same seed. */
function randomFrom(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
