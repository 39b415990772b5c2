/** A vendor that answers 429 or 503 to everything: it never sees more than it allows, and nobody is held. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock as clock } from '../../core/clock.ts'
import { IntegrationError } from '../../core/errors.ts'
import { listNotBefore } from '../../store/limits.ts'
import { busiest, startCountingVendor } from '../../testing/crowd.ts'
import { memoryState } from '../../testing/state.ts'
import { trialAdapter } from '../../testing/trial-adapter.ts'
import { type Connected, connect } from '../../testing/vendor.ts'

const calls = process.env.CARAVAN_FAULTS === 'long' ? 10_000 : 1000
const inFlight = 16
const dayMs = 86_400_000
/** A machine that is busy with other tests must not be what ends a request. */
const timeoutMs = 30_000

/** Makes that many calls, some at a time. Returns how often each ended so: `done`, or kind and code. */
async function storm({ call }: Connected): Promise<Record<string, number>> {
  const ends: Record<string, number> = {}
  let left = calls
  const work = async () => {
    while (left-- > 0) {
      const word = await call('read', { id: '1' }).then(
        () => 'done',
        (error: unknown) =>
          error instanceof IntegrationError ? `${error.kind} ${error.code ?? ''}` : String(error),
      )
      ends[word] = (ends[word] ?? 0) + 1
      await turn() // a refusal waits for nothing, and what is under way needs its turn
    }
  }
  await Promise.all(Array.from({ length: inFlight }, work))
  return ends
}

const startBusyVendor = (status: number, headers: Record<string, string>) =>
  startCountingVendor((response) => response.writeHead(status, headers).end('{}'))

describe('a storm of 429', () => {
  it.each([
    ['seconds', '3600'],
    ['a date', 'Wed, 21 Oct 2099 07:28:00 GMT'],
    ['an absurd number', '99999999999999999999'],
  ])(
    'Retry-After as %s: the vendor sees those under way, the rest is put off at once',
    async (_, value) => {
      const db = await memoryState()
      const vendor = await startBusyVendor(429, { 'retry-after': value })
      const service = await connect(
        trialAdapter,
        { base_url: vendor.url, key: 'k' },
        { db, timeoutMs },
      )

      const ends = await storm(service)

      expect(vendor.arrivals.length).toBeLessThanOrEqual(inFlight)
      expect(ends).toEqual({
        'rate_limited ': vendor.arrivals.length,
        'rate_limited limit_used_up': calls - vendor.arrivals.length,
      })
      const untilMs = (await listNotBefore(db)).get('trial') ?? 0
      expect(untilMs).toBeLessThanOrEqual(clock.now().getTime() + dayMs)
    },
  )

  it('without Retry-After: the vendor never sees more than the rate', async () => {
    const perSecond = 1000
    const vendor = await startBusyVendor(429, {})
    const config = { base_url: vendor.url, key: 'k' }
    const service = await connect(trialAdapter, config, { perSecond, attempts: 1, timeoutMs })

    const ends = await storm(service)

    expect(ends).toEqual({ 'rate_limited ': calls })
    expect(vendor.arrivals).toHaveLength(calls)
    expect(busiest(vendor.arrivals, 1000)).toBeLessThanOrEqual(perSecond)
  })
})

it('a storm of 503 opens the breaker; a service beside it goes on', async () => {
  const db = await memoryState()
  const vendor = await startBusyVendor(503, { 'retry-after': '120' })
  const well = await startBusyVendor(200, {})
  const sick = await connect(trialAdapter, { base_url: vendor.url, key: 'k' }, { db, timeoutMs })
  const healthy = await connect(
    trialAdapter,
    { base_url: well.url, key: 'k' },
    { db, name: 'other', timeoutMs },
  )

  const [ends, others] = await Promise.all([storm(sick), storm(healthy)])

  const failures = 5
  expect(vendor.arrivals.length).toBeLessThanOrEqual(failures - 1 + inFlight)
  expect(ends['unavailable ']).toBe(vendor.arrivals.length)
  expect(ends['unavailable breaker_open']).toBeGreaterThan(0)
  expect(others).toEqual({ done: calls })
})
