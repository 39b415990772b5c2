import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Place } from '../store/places.ts'
import { settlePlaces, type PlaceWish } from './place-rules.ts'

const leaseMs = 10_000
const processOf = (holder: string) => ({ host: 'here', pid: holder.charCodeAt(0), startedAt: null })

/** The table, and what one process does to it. */
function table(concurrent: number) {
  let places: Place[] = []
  const gone = new Set<number>()
  return {
    places: () => places,
    numbersOf: (holder: string) =>
      places.filter((one) => one.holder === holder && one.number >= 0).map(({ number }) => number),
    kill: (holder: string) => void gone.add(processOf(holder).pid),
    settle(holder: string, wish: Partial<PlaceWish>) {
      const { put, remove } = settlePlaces(places, {
        holder,
        process: processOf(holder),
        wanted: 0,
        giveBack: [],
        concurrent,
        nowMs: 0,
        leaseMs,
        isGone: ({ pid }) => gone.has(pid),
        ...wish,
      })
      const out = [...remove, ...put.map(({ number }) => number)]
      places = [...places.filter(({ number }) => !out.includes(number)), ...put]
    },
  }
}

describe('who gets a place', () => {
  it('one that is alone gets all it wants, up to the limit', () => {
    const { settle, numbersOf } = table(4)

    settle('a', { wanted: 16 })

    expect(numbersOf('a')).toEqual([0, 1, 2, 3])
  })

  it('what is given back goes to those who wait, in their order, one for each', () => {
    const { settle, numbersOf } = table(2)
    settle('a', { wanted: 9 })
    settle('b', { wanted: 9 })
    settle('c', { wanted: 9 })

    settle('a', { wanted: 9, giveBack: [0] })
    settle('c', { wanted: 9 })
    expect(numbersOf('c')).toEqual([])
    settle('b', { wanted: 9 })
    expect(numbersOf('b')).toEqual([0])

    settle('a', { wanted: 9, giveBack: [1] })
    settle('a', { wanted: 9 })
    expect(numbersOf('a')).toEqual([])
    settle('c', { wanted: 9 })
    expect(numbersOf('c')).toEqual([1])
  })

  it('nobody stands in line who has its share', () => {
    const { settle, places } = table(4)
    settle('a', { wanted: 9 })
    settle('b', { wanted: 9 })
    settle('a', { wanted: 9, giveBack: [0, 1] })
    settle('b', { wanted: 9 })

    settle('a', { wanted: 9 })

    expect(places().filter(({ number }) => number < 0)).toEqual([])
  })

  it('who wants no more leaves the line', () => {
    const { settle, places } = table(1)
    settle('a', { wanted: 1 })
    settle('b', { wanted: 1 })
    expect(places().map(({ number }) => number)).toEqual([0, -1])

    settle('b', { wanted: 0 })

    expect(places().map(({ number }) => number)).toEqual([0])
  })
})

describe('whose process is no more', () => {
  it('loses its places at once on this host, and else when their lease ends', () => {
    const { settle, numbersOf, kill } = table(2)
    settle('a', { wanted: 1 })
    settle('b', { wanted: 1 })
    kill('a')

    settle('c', { wanted: 2, nowMs: 1 })
    expect(numbersOf('c')).toEqual([0])
    settle('c', { wanted: 1, nowMs: leaseMs - 1 })
    expect(numbersOf('c')).toEqual([0])
    settle('c', { wanted: 1, nowMs: leaseMs })
    expect(numbersOf('c')).toEqual([0, 1])
  })

  it('keeps a place that nobody has taken, however late it comes back', () => {
    const { settle, numbersOf } = table(2)
    settle('a', { wanted: 1 })

    settle('a', { wanted: 0, nowMs: leaseMs * 5 })
    settle('b', { wanted: 2, nowMs: leaseMs * 5 })

    expect([numbersOf('a'), numbersOf('b')]).toEqual([[0], [1]])
  })

  it('a lease from before the clock was set back does not hold', () => {
    const { settle, numbersOf } = table(1)
    settle('a', { wanted: 1, nowMs: 1e12 })

    settle('b', { wanted: 1, nowMs: 0 })

    expect(numbersOf('b')).toEqual([0])
  })
})

it('in any order of events no more places are lent than there are, and all that are free are found', () => {
  const event = fc.record({
    holder: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    wanted: fc.nat(6),
    returns: fc.nat(3),
    stepMs: fc.nat(leaseMs),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(event), (concurrent, events) => {
      const { settle, places, numbersOf } = table(concurrent)
      let nowMs = 0
      for (const { holder, wanted, returns, stepMs } of events) {
        nowMs += stepMs
        settle(holder, { wanted, giveBack: numbersOf(holder).slice(0, returns), nowMs })
        const lent = places().filter(({ number }) => number >= 0)
        expect(lent.length).toBeLessThanOrEqual(concurrent)
        expect(new Set(places().map(({ number }) => number)).size).toBe(places().length)
      }
      for (const holder of 'abcde') settle(holder, { giveBack: numbersOf(holder), nowMs })
      settle('f', { wanted: 9, nowMs })
      expect(numbersOf('f')).toHaveLength(concurrent)
    }),
  )
})
