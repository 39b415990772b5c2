/** What a person does to a breaker, and what becomes of a probe whose process is gone. */
import { describe, expect, it } from 'vitest'
import {
  admit,
  afterCall,
  type Arrival,
  type BreakerState,
  breakerWord,
  type CallEnd,
  closedBreaker,
  keepProbe,
  trip,
} from './breaker-state.ts'

const rules = { failures: 1, openForMs: 1000 }
const closed = closedBreaker(rules)
const end = (kind: CallEnd['kind'], ms: number, holder = 'me'): CallEnd => ({
  kind,
  ms,
  holder,
  configHash: 'c1',
  message: 'down',
})
const at = (ms: number, more: Partial<Arrival> = {}): Arrival => ({
  ms,
  holder: 'me',
  leaseMs: 500,
  configHash: 'c1',
  ...more,
})
const opened = afterCall(closed, end('timeout', 0), rules)

function admitted(state: BreakerState, now: Arrival): BreakerState {
  const admission = admit(state, now)
  if (!admission.admitted) throw new Error(admission.reason)
  return admission.state
}

describe('opened by hand', () => {
  const tenMinutes = { ms: 0, untilMs: 600_000, by: 'bob', reason: 'maintenance' }

  it('stays so until its time, whatever the config and whoever tests; then one probe decides', () => {
    const tripped = trip(closed, tenMinutes)

    const early = [at(599_999), at(5, { configHash: 'c2' }), at(5, { isTest: true })]
    for (const now of early) {
      expect(admit(tripped, now)).toMatchObject({
        admitted: false,
        reason: 'opened by bob: maintenance',
        waitMs: 600_000 - now.ms,
      })
    }
    const half = admitted(tripped, at(600_000))
    expect(half).toMatchObject({ status: 'half_open' })
    expect(afterCall(half, end('done', 600_001), rules)).toEqual(closed)
    expect(afterCall(half, end('timeout', 600_001), rules)).toMatchObject({
      status: 'open',
      tripped: undefined,
    })
  })

  it('without a time it stays so until it is reset', () => {
    const tripped = trip(closed, { ...tenMinutes, untilMs: null })

    expect(admit(tripped, at(1e12))).toMatchObject({ admitted: false, waitMs: Infinity })
  })

  it.each(['done', 'timeout', 'cancelled'] as const)(
    'a probe that was under way and ends as %s changes nothing',
    (kind) => {
      const tripped = trip(admitted(opened, at(1000)), tenMinutes)

      expect(afterCall(tripped, end(kind, 1001), rules)).toBe(tripped)
    },
  )
})

describe('a test by a person', () => {
  it('is the probe of an open breaker: answered, it closes it', () => {
    const half = admitted(opened, at(10, { isTest: true }))

    expect(admit(half, at(11, { holder: 'other' })).admitted).toBe(false)
    expect(admit(half, at(11, { holder: 'other', isTest: true })).admitted).toBe(false)
    expect(afterCall(half, end('done', 12), rules)).toEqual(closed)
  })

  it.each(['timeout', 'cancelled', 'auth'] as const)(
    'that ends early as %s leaves the breaker open for as long as it was',
    (kind) => {
      const after = afterCall(admitted(opened, at(10, { isTest: true })), end(kind, 20), rules)

      expect(after).toMatchObject({ status: 'open', openUntilMs: 1000, openForMs: 1000 })
      expect(admit(after, at(999)).admitted).toBe(false)
      expect(admit(after, at(1000)).admitted).toBe(true)
    },
  )

  it('does not reach a vendor that has refused the credentials', () => {
    const held = [1, 2, 3].reduce((state, ms) => afterCall(state, end('auth', ms), rules), closed)

    expect(admit(held, at(10, { isTest: true }))).toMatchObject({ admitted: false, waitMs: null })
  })
})

describe('the lease of a probe', () => {
  const process = { host: 'a', pid: 7, startedAt: 'boot/1' }
  const half = admitted(opened, at(1000, { holder: 'probe', process }))

  it('ends at once when its process is gone', () => {
    expect(admit(half, at(1001, { isGone: () => false })).admitted).toBe(false)
    expect(admit(half, at(1001, { isGone: (one) => one.pid === 7 })).admitted).toBe(true)
  })

  it('goes on while its call does, and nobody keeps that of another', () => {
    const kept = keepProbe(half, 'probe', 3000)

    expect(admit(kept, at(2600)).admitted).toBe(false)
    expect(admit(kept, at(3000)).admitted).toBe(true)
    expect(keepProbe(half, 'other', 3000)).toBe(half)
  })
})

it.each<[string, BreakerState, number, string]>([
  ['never opened', closed, 0, 'closed'],
  ['just opened', opened, 999, 'open'],
  ['whose time is up: the next call is a probe', opened, 1000, 'half-open'],
  ['with a probe under way', admitted(opened, at(1000)), 1001, 'half-open'],
  ['opened by hand', trip(closed, { ms: 0, untilMs: null, by: 'bob', reason: 'x' }), 9e9, 'open'],
  ['by hand for a while', trip(closed, { ms: 0, untilMs: 50, by: 'bob', reason: 'x' }), 49, 'open'],
  [
    'by hand, and over',
    trip(closed, { ms: 0, untilMs: 50, by: 'bob', reason: 'x' }),
    50,
    'half-open',
  ],
])('a breaker %s is called so', (_name, state, nowMs, word) => {
  expect(breakerWord(state, nowMs)).toBe(word)
})
