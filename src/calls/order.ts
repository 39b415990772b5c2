import type { Candidate } from './call.ts'

type Weighed = Pick<Candidate, 'name' | 'priority' | 'weight'>

/**
 * The order in which services are asked: by priority, the lowest number first, and at random among equals, each with the
 * chance its weight gives it. `random` yields 0 up to, not including, 1.
 */
export function orderCandidates<One extends Weighed>(
  candidates: readonly One[],
  random: () => number,
): One[] {
  if (candidates.length < 2) return [...candidates]
  const priorities = [...new Set(candidates.map(({ priority }) => priority))].toSorted(
    (a, b) => a - b,
  )
  return priorities.flatMap((priority) =>
    drawn(candidates.filter((one) => one.priority === priority).toSorted(byName), random),
  )
}

function drawn<One extends Weighed>(equals: One[], random: () => number): One[] {
  const left = [...equals]
  const order: One[] = []
  while (left.length > 1) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0)
    let mark = random() * total
    const at = left.findIndex(({ weight }) => (mark -= weight) < 0)
    order.push(...left.splice(Math.max(0, at), 1))
  }
  return [...order, ...left]
}

const byName = (a: Weighed, b: Weighed): number => (a.name < b.name ? -1 : 1)
