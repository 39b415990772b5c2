/** Runs an adapter as its kind promises it: listings are collected, and every answer is checked against the kind. */
import type { Service } from '../calls/call.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import type { OperationShape } from '../core/kind.ts'
import { connect } from './vendor.ts'

export type Harness = {
  /** Asks, and checks the answer against the kind. A listing answers with `{ items, batches, ...output }`. */
  call(operation: string, input: unknown, signal?: AbortSignal): Promise<unknown>
  check(): Promise<string>
  /** Everything the call log holds, as one JSON text. */
  logged(): Promise<string>
  service: Service
}

export type HarnessOptions = {
  clock?: Clock
  attempts?: number
  timeoutMs?: number
  /** For a call as a whole, status queries after an unknown outcome included. */
  deadlineMs?: number
  /** The vendor's limits; left out: none, so that a test need not wait. */
  perSecond?: number
  concurrent?: number
}

/** The system's clock with hands that can be turned: everything still waits for real. */
export function turnableClock(): Clock & { advance(ms: number): void } {
  let aheadMs = 0
  return {
    now: () => new Date(systemClock.now().getTime() + aheadMs),
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    sleep: systemClock.sleep,
    advance(ms) {
      aheadMs += ms
    },
  }
}

/** Over the real call path, without the vendor's limits unless they are asked for. */
export async function connectAdapter(
  adapter: AnyAdapter,
  config: unknown,
  { clock = systemClock, ...guards }: HarnessOptions = {},
): Promise<Harness> {
  const noLimits = { perSecond: undefined, concurrent: undefined }
  const connected = await connect(adapter, config, { clock, ...noLimits, ...guards })
  return {
    service: connected.service,
    check: connected.check,
    async call(operation, asked, signal) {
      const shape: OperationShape = adapter.kind.operations[operation]
      if (!shape.item) {
        return shape.output.parse(await connected.call(operation, asked, { signal }))
      }
      const batches: unknown[][] = []
      const batch = shape.item.array()
      const sink = {
        begin: async () => void batches.splice(0),
        write: async (items: unknown[]) => void batches.push(batch.parse(items)),
      }
      const output = await connected.call(operation, asked, { signal, sink })
      return { ...(shape.output.parse(output) as object), batches, items: batches.flat() }
    },
    logged: async () => JSON.stringify(await connected.logged()),
  }
}
