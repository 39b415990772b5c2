import { z } from 'zod'
import { wireFaults, type Fault } from '../core/twin.ts'

const vendorFaults = ['business-error', 'expired-token'] as const

/** Every fault that can be ordered, and what it shows. */
export const faultWords: Readonly<Record<Fault, string>> = {
  latency: 'answers late, by delay_ms',
  timeout: 'silent for delay_ms, then hangs up',
  refused: 'hangs up at once',
  reset: 'breaks the connection before it acts',
  'reset-in-body': 'acts, and breaks off in the middle of its answer',
  'rate-limited': 'too many requests; retry_after is in seconds',
  'error-500': 'an error of its server',
  garbage: 'an answer that nobody can read',
  html: 'a page of maintenance instead of an answer',
  'act-then-timeout': 'acts, and is silent for delay_ms',
  'act-then-reset': 'acts, and breaks the connection',
  'business-error': 'a refusal in its own words, where it has one',
  'expired-token': 'refuses the credentials, where it has a way to',
}

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

/** What is wrong with an order, a line each, for whoever sent it with curl. */
export function refusalOf({ issues }: z.ZodError): string {
  const lines = issues.map(({ path, message }) => {
    const name = path.join('.') || 'the order'
    return `  ${name}: ${name === 'fault' ? `is one of ${Object.keys(faultWords).join(', ')}` : message}`
  })
  return `No fault was ordered:\n${lines.join('\n')}\nSuch as {"fault":"error-500","times":3}\n`
}

export type FaultBook = {
  add(order: z.input<typeof FaultOrder>): void
  clear(): void
  /** The order that hits this request, used up by one; undefined: none. `playable`: those that can be shown there. */
  take(path: string, playable?: (fault: Fault) => boolean): FaultOrder | undefined
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
    take(path, playable = () => true) {
      const hit = orders.find(
        ({ order }) =>
          playable(order.fault) && path.includes(order.path ?? '') && random() < order.probability,
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
