/** Runs an adapter through the whole call path, over real HTTP and a state in memory. */
import { onTestFinished } from 'vitest'
import type { Service } from '../calls/call.ts'
import { createCallLog } from '../calls/log.ts'
import { createCallPath } from '../calls/path.ts'
import { createRedactor } from '../calls/redact.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { createCredentialCache } from '../core/credentials.ts'
import type { OperationShape } from '../core/kind.ts'
import { Secret } from '../core/secret.ts'
import { memoryCallLog, memoryState } from './state.ts'

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

/** `random` is 0, so repetitions follow without a wait. */
export async function connectAdapter(
  adapter: AnyAdapter,
  input: unknown,
  { clock = systemClock, ...guards }: HarnessOptions = {},
): Promise<Harness> {
  const config = adapter.config.parse(input)
  const service: Service = {
    name: adapter.id,
    adapter,
    config,
    configHash: 'hash',
    guards: {
      timeoutMs: adapter.limits.timeoutMs,
      attempts: 3,
      deadlineMs: 60_000,
      breaker: { failures: 5, openForMs: 60_000 },
      ...guards,
    },
    credentials: createCredentialCache(clock),
    redactor: createRedactor(secretsIn(config)),
  }
  const logDb = await memoryCallLog()
  const log = createCallLog(logDb, clock)
  onTestFinished(log.close)
  const path = createCallPath({ db: await memoryState(), log, clock, random: () => 0 })
  return {
    service,
    check: () => path.check(service),
    async call(operation, asked, signal) {
      const shape: OperationShape = adapter.kind.operations[operation]
      if (!shape.item) {
        return shape.output.parse(await path.call(service, operation, asked, { signal }))
      }
      const batches: unknown[][] = []
      const batch = shape.item.array()
      const sink = {
        begin: async () => void batches.splice(0),
        write: async (items: unknown[]) => void batches.push(batch.parse(items)),
      }
      const output = await path.call(service, operation, asked, { signal, sink })
      return { ...(shape.output.parse(output) as object), batches, items: batches.flat() }
    },
    async logged() {
      await log.flush()
      const calls = await logDb.selectFrom('calls').selectAll().execute()
      const attempts = await logDb.selectFrom('attempts').selectAll().execute()
      return JSON.stringify({ calls, attempts })
    },
  }
}

function secretsIn(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(secretsIn)
}
