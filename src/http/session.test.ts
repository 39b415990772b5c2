import { expect, it } from 'vitest'
import { IntegrationError, type IntegrationErrorOptions } from '../core/errors.ts'
import { createTestClock } from '../testing/clock.ts'
import type { Exchange, HttpOptions } from './exchange.ts'
import { runSession } from './session.ts'

const where = { method: 'SMTP', endpoint: 'smtp://mail.example.com:587' }

function session(changes: Partial<HttpOptions> = {}) {
  const exchanges: Exchange[] = []
  const stop = new AbortController()
  const clock = createTestClock()
  const options: HttpOptions = {
    baseUrl: 'smtp://mail.example.com:587',
    clock,
    timeoutMs: 1000,
    signal: stop.signal,
    onExchange: (exchange) => exchanges.push(exchange),
    ...changes,
  }
  const run: (talk: Parameters<typeof runSession>[2]) => Promise<unknown> = (talk) =>
    runSession(options, where, talk)
  return { run, clock, stop, exchanges }
}

const failing = async (asked: Promise<unknown>): Promise<IntegrationError> => {
  const error = await asked.then(
    () => new Error('did not fail'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof IntegrationError)) throw error
  return error
}

const failure = (options: Partial<IntegrationErrorOptions> = {}) =>
  new IntegrationError({ kind: 'rejected', message: 'no', ...options })

/** Ends when it is told to, as an adapter has to, and says what it knows. */
const untilAborted =
  (outcome: 'not_done' | 'unknown') =>
  ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(failure({ outcome })), { once: true })
    })

it('hands on the answer and logs where, how long and how much', async () => {
  const { run, clock, exchanges } = session()

  const answer = await run(async ({ count, replied, timeoutMs }) => {
    count({ sent: 10, received: 3 })
    replied(250)
    await clock.advance(250)
    count({ sent: 700, received: 41 })
    return timeoutMs
  })

  expect(answer).toBe(1000)
  expect(exchanges).toMatchObject([
    { ...where, durationMs: 250, waitedMs: 0, requestBytes: 700, responseBytes: 41, status: 250 },
  ])
  expect(exchanges[0]?.error).toBeUndefined()
})

it('waits for its turn, and the wait is not its duration', async () => {
  const clock = createTestClock()
  const { run, exchanges } = session({ clock, gate: () => clock.advance(400) })

  await run(async () => 'done')

  expect(exchanges).toMatchObject([{ waitedMs: 400, durationMs: 0 }])
})

it('a turn that does not come is not done, and nothing is logged', async () => {
  const gate = () => Promise.reject(failure({ kind: 'rate_limited', outcome: 'unknown' }))
  const { run, exchanges } = session({ gate })

  const error = await failing(run(async () => 'done'))

  expect(error).toMatchObject({ kind: 'rate_limited', outcome: 'not_done' })
  expect(exchanges).toEqual([])
})

it('a caller that has given up before is not done', async () => {
  const { run, stop, exchanges } = session()
  stop.abort()

  const error = await failing(run(async () => 'done'))

  expect(error).toMatchObject({ kind: 'cancelled', outcome: 'not_done' })
  expect(exchanges).toEqual([])
})

it('a failure that the adapter has read is kept, and logged', async () => {
  const { run, exchanges } = session()
  const known = failure({ code: '550' })

  expect(await failing(run(() => Promise.reject(known)))).toBe(known)
  expect(exchanges).toMatchObject([{ error: { code: '550' } }])
})

it('a fault of the network that nobody has read is put into our words', async () => {
  const { run } = session()
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' })

  const error = await failing(run(() => Promise.reject(refused)))

  expect(error).toMatchObject({ kind: 'unavailable', outcome: 'not_done', code: 'ECONNREFUSED' })
})

it.each(['not_done', 'unknown'] as const)(
  'when time is up, the outcome is %s if that is known',
  async (outcome) => {
    const { run, clock } = session()

    const running = failing(run(untilAborted(outcome)))
    await clock.advance(1000)

    expect(await running).toMatchObject({ kind: 'timeout', outcome })
  },
)

it.each(['not_done', 'unknown'] as const)(
  'when the caller gives up, the outcome is %s if that is known',
  async (outcome) => {
    const { run, clock, stop } = session()

    const running = failing(run(untilAborted(outcome)))
    await clock.untilSleeping(1000)
    stop.abort()

    expect(await running).toMatchObject({ kind: 'cancelled', outcome })
  },
)

it('the reason of the caller is told when it is one of ours', async () => {
  const { run, clock, stop } = session()

  const running = failing(run(untilAborted('not_done')))
  await clock.untilSleeping(1000)
  stop.abort(failure({ kind: 'timeout', message: 'the deadline of the whole call' }))

  expect(await running).toMatchObject({
    kind: 'timeout',
    message: 'the deadline of the whole call',
    outcome: 'not_done',
  })
})

it('an adapter that does not hear is left behind, and what it counts later is not logged', async () => {
  const { run, clock, exchanges } = session()
  let count: ((bytes: { sent: number; received: number }) => void) | undefined

  const running = failing(
    run((limits) => {
      count = limits.count
      return new Promise(() => undefined)
    }),
  )
  await clock.advance(1000)

  expect(await running).toMatchObject({ kind: 'timeout', outcome: 'unknown' })
  count?.({ sent: 9, received: 9 })
  expect(exchanges).toMatchObject([{ requestBytes: 0, responseBytes: 0 }])
})
