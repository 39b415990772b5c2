/** What an idempotency key means, beside the plain cases in intent.test.ts. */
import { expect, it, onTestFinished } from 'vitest'
import { createTestClock } from '../testing/clock.ts'
import { noteRoute, noteService, startNoteVendor } from '../testing/note-adapter.ts'
import { memoryCallLog, memoryState } from '../testing/state.ts'
import { createCallLog } from './log.ts'
import { createCallPath } from './path.ts'

const input = { to: ['a'], text: 'hello' }

async function prepare() {
  const vendor = await startNoteVendor()
  const clock = createTestClock()
  const db = await memoryState()
  const log = createCallLog(await memoryCallLog(), clock)
  onTestFinished(log.close)
  const path = createCallPath({ db, log, clock, random: () => 0 })
  const service = noteService(vendor.url, { clock, attempts: 3 })
  const rows = () => db.selectFrom('outbox').selectAll().execute()
  return { vendor, path, route: noteRoute([service]), rows }
}

it.each(['', '  '])(
  'a key of nothing, %j, is a slip, for it would join calls that are not one',
  async (key) => {
    const { vendor, path, route, rows } = await prepare()
    const options = { idempotencyKey: key }

    await expect(path.ask(route, 'sendOnce', input, options)).rejects.toMatchObject({
      code: 'usage',
    })
    await expect(path.enqueue(route, 'sendOnce', input, options)).rejects.toMatchObject({
      code: 'usage',
    })

    expect(await rows()).toEqual([])
    expect(vendor.requests()).toBe(0)
  },
)

it.each(['queued at once', 'queued because nobody could take it'])(
  'a failed call that is made again at one service alone, %s, waits for that one alone',
  async (how) => {
    const { vendor, path, route, rows } = await prepare()
    vendor.behave('hello', 'reject', { retryAfter: 3600 })
    await path.ask(route, 'sendOnce', input, { idempotencyKey: 'k' }).catch(() => undefined)
    const options = { idempotencyKey: 'k', service: 'note' }

    const reply =
      how === 'queued at once'
        ? await path.enqueue(route, 'sendOnce', input, options)
        : await path.ask({ ...route, whenUnavailable: 'queue' }, 'sendOnce', input, options)

    expect(reply.outcome).toBe('accepted')
    expect(await rows()).toMatchObject([{ status: 'waiting', service: 'note' }])
  },
)
