/** The limits of a service over eight processes, counted where they matter: at the vendor. */
import { describe, expect, it, vi } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { listPlaces } from '../store/places.ts'
import {
  busiest,
  type CountingVendor,
  endsOf,
  gatherCrowd,
  joinCrowd,
  startCountingVendor,
} from '../testing/crowd.ts'
import { fileState } from '../testing/state.ts'

const size = 8
/** Eight processes take a while to start where others are at work. */
const patience = { timeout: 240_000 }

const [perSecond, seconds] = [20, 6]

/**
 * Lets the processes run until they have once reached nine tenths of the rate over six seconds; one of them begins late
 * and one is killed.
 */
async function shareRate() {
  const { state, log } = await fileState()
  const vendor = await startCountingVendor((response) => response.end('{}'))
  const plan = { state: state.path, inFlight: 3, guards: { perSecond } }
  const crowd = await gatherCrowd(vendor, size - 1, plan)
  const watch = watchLag()

  vendor.go()
  await vi.waitUntil(() => vendor.arrivals.length > 0, { timeout: 20_000, interval: 5 })
  const late = joinCrowd(vendor, plan)
  await clock.sleep(2500)
  await crowd[0]?.kill()
  const reached = () => busiest(vendor.arrivals, seconds * 1000) / (perSecond * seconds)
  const isDone = () => reached() >= 0.9 && pids(vendor).size === size
  await vi.waitUntil(isDone, { timeout: 30_000, interval: 100 }).catch(() => undefined)
  const lagMs = watch.stop()
  for (const child of [...crowd, late]) child.process.kill('SIGTERM')
  await Promise.all([...crowd, late].map(({ ended }) => ended))

  const rows = await log.db.selectFrom('attempts').select('started_at').execute()
  const departures = rows.map(({ started_at }) => ({ atMs: Date.parse(started_at), pid: 0 }))
  const [left, arrived] = [busiest(departures, 1000), busiest(vendor.arrivals, 1000)]
  const percent = Math.round(reached() * 100)
  process.stdout.write(
    `rate of ${perSecond} over ${size} processes: at most ${left} left and ${arrived} arrived in any second, ` +
      `${percent} % over ${seconds} s; this process was late by up to ${Math.round(lagMs)} ms\n`,
  )
  return { left, arrived, reached: reached(), pids: pids(vendor).size, lagMs }
}

const pids = ({ arrivals }: CountingVendor) => new Set(arrivals.map(({ pid }) => pid))

/** How late a timer of this process was at most: where nobody gets the processor in time, neither do requests. */
function watchLag() {
  const over = new AbortController()
  let most = 0
  const tick = async () => {
    for (;;) {
      const dueMs = clock.monotonicMs() + 5
      await clock.sleep(5, over.signal)
      most = Math.max(most, clock.monotonicMs() - dueMs)
    }
  }
  tick().catch(() => undefined)
  return {
    stop() {
      over.abort('over')
      return most
    },
  }
}

/**
 * What leaves is held to the limit in every round. When it arrives is also up to a machine on which eight processes and
 * the vendor wait for a processor, so that a round in which requests stood in line on their way is played again.
 */
const rounds = 3

it(
  'eight processes that share a rate of 20 a second never exceed it in any second, and reach nine tenths of it',
  patience,
  async () => {
    let seen = await shareRate()
    for (let round = 2; round <= rounds; round++) {
      expect(seen.left).toBeLessThanOrEqual(perSecond)
      if (seen.arrived <= perSecond && seen.reached >= 0.9) break
      process.stdout.write('requests stood in line on their way; once more\n')
      seen = await shareRate()
    }

    expect(seen.left).toBeLessThanOrEqual(perSecond)
    expect(seen.arrived).toBeLessThanOrEqual(perSecond)
    expect(seen.reached).toBeGreaterThanOrEqual(0.9)
    expect(seen.pids).toBe(size)
  },
)

describe('eight processes that share four places', () => {
  it(
    'never have more than four requests under way, and every one of them gets on',
    patience,
    async () => {
      const { state } = await fileState()
      const vendor = await startCountingVendor((response) =>
        clock.sleep(20).then(() => response.end('{}')),
      )

      const crowd = await gatherCrowd(vendor, size, {
        state: state.path,
        inFlight: 4,
        forMs: 7000,
        guards: { concurrent: 4 },
      })
      vendor.go()
      const ends = await Promise.all(crowd.map(endsOf))

      const served = ends.map(({ done = 0 }) => done)
      process.stdout.write(
        `places over ${size} processes: at most ${vendor.mostAtOnce()} of 4, served ${served.join(' ')}\n`,
      )
      expect(vendor.mostAtOnce()).toBe(4)
      expect(Math.min(...served)).toBeGreaterThan(20)
      expect(ends.map((end) => Object.keys(end))).toEqual(crowd.map(() => ['done']))
      expect(await listPlaces(state.db, 'trial')).toEqual([])
    },
  )

  it('find those of a killed process at once', patience, async () => {
    const { state } = await fileState()
    const vendor = await startCountingVendor(() => undefined)
    const plan = { state: state.path, inFlight: 2, guards: { concurrent: 2, timeoutMs: 60_000 } }
    const first = joinCrowd(vendor, plan)
    await vi.waitUntil(() => vendor.arrivals.length === 2, { timeout: 20_000 })
    joinCrowd(vendor, plan)
    await vi.waitUntil(async () => (await listPlaces(state.db, 'trial')).length === 3, {
      timeout: 20_000,
    })

    const killedAtMs = clock.monotonicMs()
    await first.kill()
    await vi.waitUntil(() => vendor.arrivals.length === 4, { timeout: 20_000, interval: 10 })

    expect(clock.monotonicMs() - killedAtMs).toBeLessThan(5000) // their lease has 10 s
    expect(new Set(vendor.arrivals.slice(2).map(({ pid }) => pid)).size).toBe(1)
  })
})
