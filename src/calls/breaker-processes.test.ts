/** One breaker over eight processes. */
import { describe, expect, it, vi } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { changeBreaker, getBreaker } from '../store/breakers.ts'
import { endsOf, startCountingVendor, gatherCrowd } from '../testing/crowd.ts'
import { fileState } from '../testing/state.ts'
import { type BreakerState, closedBreaker } from './breaker-state.ts'

const size = 8
/** Where eight would show no more, and take longer to start. */
const few = 3
const patience = { timeout: 60_000, interval: 10 }

/** A state in which the breaker was opened, and may let a probe through since a moment ago. */
async function openedState(openForMs: number) {
  const { state } = await fileState()
  const closed = closedBreaker({ failures: 1, openForMs })
  await changeBreaker<BreakerState>(state.db, 'trial', closed, (breaker) => ({
    ...breaker,
    status: 'open',
    openUntilMs: 1,
    openConfig: 'hash',
  }))
  const change = (changes: Partial<BreakerState>) =>
    changeBreaker<BreakerState>(state.db, 'trial', closed, (breaker) => ({
      ...breaker,
      ...changes,
    }))
  const read = async () => (await getBreaker<BreakerState>(state.db, 'trial')) as BreakerState
  return { path: state.path, read, change }
}

it('opens after the configured failures, counted over all; only what is under way then still ends', async () => {
  const { state } = await fileState()
  const vendor = await startCountingVendor((response) => response.writeHead(500).end('{}'))
  const [inFlight, failures] = [2, 5]

  const crowd = await gatherCrowd(vendor, size, {
    state: state.path,
    inFlight,
    count: 60,
    pauseMs: 1,
    guards: { breaker: { failures, openForMs: 60_000 } },
  })
  vendor.go()
  const ends = await Promise.all(crowd.map(endsOf))

  const sum = (word: string) => ends.reduce((total, one) => total + (one[word] ?? 0), 0)
  expect(vendor.arrivals.length).toBeGreaterThanOrEqual(failures)
  expect(vendor.arrivals.length).toBeLessThanOrEqual(failures + size * inFlight - 1)
  expect(sum('unavailable')).toBe(vendor.arrivals.length)
  expect(sum('unavailable breaker_open')).toBe(size * 60 - vendor.arrivals.length)
})

it('sends exactly one probe in each half-open period, over several periods', async () => {
  const openForMs = 250
  const { path, read } = await openedState(openForMs)
  const vendor = await startCountingVendor((response) => response.writeHead(503).end('{}'))

  const crowd = await gatherCrowd(vendor, size, {
    state: path,
    inFlight: 2,
    forMs: 4500,
    pauseMs: 5,
    guards: { breaker: { failures: 1, openForMs } },
  })
  vendor.go()
  await Promise.all(crowd.map(endsOf))

  const periods = vendor.arrivals.length
  expect(periods).toBeGreaterThanOrEqual(3)
  // Each probe failed and doubled the time: one probe more or less in a period would show here.
  expect(await read()).toMatchObject({ status: 'open', openForMs: openForMs * 2 ** periods })
  const gaps = vendor.arrivals.slice(1).map(({ atMs }, n) => atMs - (vendor.arrivals[n]?.atMs ?? 0))
  for (const [n, gap] of gaps.entries()) {
    // The wall clock of the state and the monotonic one of this test are read at different moments.
    expect(gap).toBeGreaterThan(openForMs * 2 ** (n + 1) - 50)
  }
})

describe('a probe that never comes back', () => {
  it('when its process is killed, exactly one other goes, long before the lease ends', async () => {
    const { path } = await openedState(60_000)
    const vendor = await startCountingVendor(() => undefined)
    const startedMs = clock.monotonicMs()
    const leaseMs = 2 * 30_000
    const crowd = await gatherCrowd(vendor, few, {
      state: path,
      inFlight: 2,
      pauseMs: 5,
      guards: { timeoutMs: leaseMs / 2 },
    })
    vendor.go()
    await vi.waitUntil(() => vendor.arrivals.length > 0, patience)
    await clock.sleep(300)
    expect(vendor.arrivals).toHaveLength(1)

    const prober = crowd.find(({ process }) => process.pid === vendor.arrivals[0]?.pid)
    await prober?.kill()
    await vi.waitUntil(() => vendor.arrivals.length > 1, patience)
    await clock.sleep(300)

    expect(vendor.arrivals).toHaveLength(2)
    expect(vendor.arrivals[1]?.pid).not.toBe(prober?.process.pid)
    expect(clock.monotonicMs() - startedMs).toBeLessThan(leaseMs)
  })

  it('on another host it is given up when its lease ends, and exactly one other goes', async () => {
    const elsewhere = { host: 'elsewhere', pid: 1, startedAt: null }
    const { path, change } = await openedState(60_000)
    const vendor = await startCountingVendor(() => undefined)
    await gatherCrowd(vendor, few, {
      state: path,
      inFlight: 2,
      pauseMs: 5,
      guards: { timeoutMs: 30_000 },
    })
    const startedMs = clock.monotonicMs()
    const leaseMs = 1500
    await change({
      status: 'half_open',
      probe: { holder: 'x', untilMs: clock.now().getTime() + leaseMs, process: elsewhere },
    })

    vendor.go()
    await vi.waitUntil(() => vendor.arrivals.length > 0, patience)
    await clock.sleep(300)

    expect(vendor.arrivals).toHaveLength(1)
    expect((vendor.arrivals[0]?.atMs ?? 0) - startedMs).toBeGreaterThan(leaseMs - 50)
  })

  it('is kept alive by its own process: a slow one is not doubled', async () => {
    const { path, read } = await openedState(60_000)
    const timeoutMs = 600
    const vendor = await startCountingVendor(() => undefined)

    const crowd = await gatherCrowd(vendor, few, {
      state: path,
      inFlight: 2,
      forMs: 3 * timeoutMs,
      pauseMs: 5,
      guards: { timeoutMs },
    })
    vendor.go()
    await Promise.all(crowd.map(endsOf))

    expect(vendor.arrivals).toHaveLength(1)
    expect(await read()).toMatchObject({ status: 'open', openForMs: 120_000 })
  })
})
