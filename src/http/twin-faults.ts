import { z } from 'zod'
import { wireFaults, type Fault } from '../core/twin.ts'

const vendorFaults = ['business-error', 'expired-token'] as const

/** A fault to play: which, for which requests, how often. Read from the control address of a running twin. */
export const FaultOrder = z.strictObject({
  fault: z.enum([...wireFaults, ...vendorFaults]),
  /** Only requests whose path contains this. */
  path: z.string().optional(),
  /** How many requests it hits; left out: all until cleared. */
  times: z.int().min(1).optional(),
  /** Share of the matching requests, 0 to 1. */
  probability: z.number().min(0).max(1).default(1),
  /** For `latency`, and how long `timeout` and `act-then-timeout` stay silent before they hang up. */
  delay_ms: z.int().min(0).max(600_000).default(1000),
  /** For `rate-limited`, in seconds. */
  retry_after: z.int().min(0).default(1),
})
export type FaultOrder = z.output<typeof FaultOrder>

export type FaultBook = {
  add(order: z.input<typeof FaultOrder>): void
  clear(): void
  /** The order that hits this request, used up by one; undefined: none. */
  take(path: string): FaultOrder | undefined
  list(): FaultOrder[]
}

/** Faults wait in the order they were given; the first that matches a request hits it. */
export function createFaultBook(random: () => number): FaultBook {
  let orders: { order: FaultOrder; left: number }[] = []
  return {
    add(input) {
      const order = FaultOrder.parse(input)
      orders.push({ order, left: order.times ?? Infinity })
    },
    clear() {
      orders = []
    },
    take(path) {
      const hit = orders.find(
        ({ order }) => path.includes(order.path ?? '') && random() < order.probability,
      )
      if (hit && --hit.left <= 0) orders = orders.filter((entry) => entry !== hit)
      return hit?.order
    },
    list: () => orders.map(({ order }) => order),
  }
}

/** Faults after which the vendor has acted although the caller cannot know. */
export const actsFirst = (fault: Fault): boolean =>
  fault === 'act-then-timeout' || fault === 'act-then-reset' || fault === 'reset-in-body'
