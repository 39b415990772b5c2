import { describe, expect, it } from 'vitest'
import { drawsOf } from '../core/draws.ts'
import { orderCandidates } from './order.ts'

const one = (name: string, priority: number, weight = 100) => ({ name, priority, weight })
const namesOf = (some: readonly { name: string }[]) => some.map(({ name }) => name).join(' ')

describe('the order in which services are asked', () => {
  it('is by priority strictly, whatever the weights', () => {
    const random = drawsOf(1)
    const candidates = [one('c', 3, 1000), one('a', 1, 1), one('b', 2, 1000)]

    for (let draw = 0; draw < 1000; draw++) {
      expect(namesOf(orderCandidates(candidates, random))).toBe('a b c')
    }
  })

  it('shares among equals by weight, and what is left of them by weight again', () => {
    const seed = Number(process.env.CARAVAN_SEED ?? 20_261_121)
    const random = drawsOf(seed)
    const candidates = [one('a', 1, 60), one('b', 1, 30), one('c', 1, 10), one('d', 2)]
    const draws = 100_000
    const counts: Record<string, number> = {}

    for (let draw = 0; draw < draws; draw++) {
      const order = namesOf(orderCandidates(candidates, random))
      counts[order] = (counts[order] ?? 0) + 1
    }

    // P(a b c) = 0.6 × 30/40, and so on for each of the six orders.
    const chances: Record<string, number> = {
      'a b c d': 0.6 * (30 / 40),
      'a c b d': 0.6 * (10 / 40),
      'b a c d': 0.3 * (60 / 70),
      'b c a d': 0.3 * (10 / 70),
      'c a b d': 0.1 * (60 / 90),
      'c b a d': 0.1 * (30 / 90),
    }
    const squares = Object.entries(chances).map(([order, chance]) => {
      const expected = chance * draws
      return ((counts[order] ?? 0) - expected) ** 2 / expected
    })
    const chiSquare = squares.reduce((sum, square) => sum + square, 0)
    expect(Object.keys(counts).toSorted()).toEqual(Object.keys(chances).toSorted())
    expect(chiSquare, `CARAVAN_SEED=${seed}`).toBeLessThan(25.74) // five degrees of freedom, once in ten thousand
  })

  it('does not depend on the order in the file, and leaves what it is given as it was', () => {
    const candidates = [one('b', 1), one('a', 1), one('c', 1)]
    const before = [...candidates]

    const first = namesOf(orderCandidates(candidates, drawsOf(7)))
    const second = namesOf(orderCandidates(candidates.toReversed(), drawsOf(7)))

    expect(first).toBe(second)
    expect(candidates).toEqual(before)
  })

  it.each([
    [() => 0, 'a b c'],
    [() => 1 - 2 ** -53, 'c b a'],
  ])('holds at both ends of chance: %#', (random, order) => {
    expect(namesOf(orderCandidates([one('a', 1), one('b', 1), one('c', 1)], random))).toBe(order)
  })
})
