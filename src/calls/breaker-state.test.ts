import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  admit,
  afterCall,
  type BreakerState,
  type CallEnd,
  closedBreaker,
} from './breaker-state.ts'

const rules = { failures: 3, openForMs: 1000 }
const closed = closedBreaker(rules)
const end = (kind: CallEnd['kind'], ms: number, holder = 'me', configHash = 'c1'): CallEnd => ({
  kind,
  ms,
  holder,
  configHash,
  message: 'down',
})
const at = (ms: number, holder = 'me', configHash = 'c1') => ({
  ms,
  holder,
  leaseMs: 500,
  configHash,
})
const fold = (state: BreakerState, ...ends: CallEnd[]) =>
  ends.reduce((before, one) => afterCall(before, one, rules), state)
const opened = fold(closed, end('timeout', 0), end('unavailable', 0), end('bad_response', 0))

/** The state after a probe was admitted. */
function probing(
  state: BreakerState,
  ms: number,
  ...who: [holder: string, config?: string]
): BreakerState {
  const admission = admit(state, at(ms, ...who))
  if (!admission.admitted) throw new Error(admission.reason)
  return admission.state
}

describe('opening', () => {
  it('after so many failures in a row; a success between begins anew', () => {
    expect(opened).toMatchObject({ status: 'open', openUntilMs: 1000 })
    const broken = fold(
      closed,
      end('timeout', 0),
      end('timeout', 1),
      end('done', 2),
      end('timeout', 3),
    )
    expect(broken.status).toBe('closed')
  })

  it('over half of the last ten within five minutes', () => {
    const mixed = Array.from({ length: 11 }, (_, n) => end(n % 3 === 2 ? 'done' : 'timeout', n))
    expect(fold(closed, ...mixed).status).toBe('open')
    const slow = mixed.map((one, n) => ({ ...one, ms: n * 100_000 }))
    expect(fold(closed, ...slow).status).toBe('closed')
  })

  it.each(['config', 'rate_limited', 'cancelled', 'none', 'rejected'] as const)(
    '%s does not count',
    (kind) => {
      const ends = Array.from({ length: 20 }, (_, n) => end(kind, n))
      expect(fold(closed, ...ends)).toBe(closed)
    },
  )
})

describe('half-open', () => {
  it('lets one through, which decides', () => {
    const half = probing(opened, 1000, 'probe')

    expect(admit(half, at(1001, 'other'))).toMatchObject({ admitted: false })
    expect(fold(half, end('done', 1100, 'probe')).status).toBe('closed')
    expect(fold(half, end('timeout', 1100, 'probe'))).toMatchObject({
      status: 'open',
      openForMs: 2000,
      openUntilMs: 3100,
    })
  })

  it.each(['done', 'timeout', 'cancelled', 'rate_limited'] as const)(
    'a straggler that ends as %s changes nothing',
    (kind) => {
      const half = probing(opened, 1000, 'probe')

      expect(fold(half, end(kind, 1100, 'straggler'))).toBe(half)
      expect(fold(opened, end(kind, 500, 'straggler'))).toBe(opened)
    },
  )

  it('a probe that says nothing makes room for the next; a killed one does so with its lease', () => {
    const half = probing(opened, 1000, 'probe')

    expect(admit(fold(half, end('cancelled', 1001, 'probe')), at(1002)).admitted).toBe(true)
    expect(admit(half, at(1499)).admitted).toBe(false)
    expect(admit(half, at(1500)).admitted).toBe(true)
  })

  it('doubles up to half an hour, and leaves a longer preset as it is', () => {
    let state = opened
    for (let n = 0; n < 20; n++) {
      const ms = state.openUntilMs
      state = fold(probing(state, ms, 'probe'), end('timeout', ms, 'probe'))
    }
    expect(state.openForMs).toBe(30 * 60_000)
    const long = { failures: 1, openForMs: 60 * 60_000 }
    const open = afterCall(closedBreaker(long), end('timeout', 0), long)
    const again = afterCall(probing(open, open.openUntilMs, 'p'), end('timeout', 0, 'p'), long)
    expect(again.openForMs).toBe(60 * 60_000)
  })

  it('another config is tried at once, for it may be the repair; a failure shuts it again', () => {
    expect(admit(opened, at(1, 'me'))).toMatchObject({ admitted: false })

    const tried = admit(opened, at(1, 'me', 'c2'))
    expect(tried).toMatchObject({ admitted: true, isProbe: true })
    const shut = fold(probing(opened, 1, 'me', 'c2'), end('timeout', 2, 'me', 'c2'))
    expect(admit(shut, at(3, 'me', 'c2'))).toMatchObject({ admitted: false })
  })

  it('a clock that was set back does not keep it shut', () => {
    expect(admit({ ...opened, openUntilMs: 1e12 }, at(0)).admitted).toBe(true)
  })
})

describe('refused credentials', () => {
  const held = fold(closed, end('auth', 0), end('auth', 1), end('auth', 2))

  it('hold the service after three, until the config changes', () => {
    expect(admit(held, at(1e9))).toMatchObject({ admitted: false, waitMs: null })
    expect(admit(held, at(1e9, 'me', 'c2')).admitted).toBe(true)
  })

  it('count anew with a new config', () => {
    const corrected = fold(held, end('auth', 3, 'me', 'c2'), end('auth', 4, 'me', 'c2'))
    expect(admit(corrected, at(5, 'me', 'c2')).admitted).toBe(true)
    expect(admit(fold(corrected, end('auth', 5, 'me', 'c2')), at(6, 'me', 'c2')).admitted).toBe(
      false,
    )
    expect(fold(corrected, end('done', 5, 'me', 'c2'))).toMatchObject({
      authFailures: 0,
      heldConfig: null,
    })
  })
})

// oxlint-disable vitest/no-conditional-expect -- what must hold depends on what the state machine answered
it('holds in any order of events: never two leases at once, never shut for ever, never open early', () => {
  const event = fc.record({
    holder: fc.constantFrom('a', 'b', 'c'),
    kind: fc.constantFrom<CallEnd['kind']>(
      'done',
      'timeout',
      'unavailable',
      'cancelled',
      'none',
      'rejected',
    ),
    stepMs: fc.nat(1500),
    isArrival: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let [state, ms] = [closed, 0]
      let lease = { holder: '', untilMs: -1 }
      for (const { holder, kind, stepMs, isArrival } of events) {
        ms += stepMs
        if (!isArrival) {
          state = afterCall(state, end(kind, ms, holder), rules)
          if (holder === lease.holder) lease = { holder: '', untilMs: -1 }
          continue
        }
        const admission = admit(state, at(ms, holder))
        if (!admission.admitted) {
          expect(admission.waitMs).toBeGreaterThan(0)
          expect(admission.waitMs).toBeLessThanOrEqual(30 * 60_000)
          continue
        }
        if (state.status === 'open') expect(ms).toBeGreaterThanOrEqual(state.openUntilMs)
        if (admission.isProbe) {
          expect(ms).toBeGreaterThanOrEqual(lease.untilMs)
          lease = { holder, untilMs: ms + 500 }
        }
        state = admission.state
      }
    }),
  )
})
