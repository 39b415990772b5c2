/** One of several processes that call the trial adapter on one state: node crowd-child.ts PLAN, see crowd.ts. */
import { createCallLog } from '../calls/log.ts'
import { createCallPath } from '../calls/path.ts'
import { createRedactor } from '../calls/redact.ts'
import { systemClock as clock } from '../core/clock.ts'
import { createCredentialCache } from '../core/credentials.ts'
import { IntegrationError } from '../core/errors.ts'
import { openCallLog } from '../store/call-log.ts'
import { callLogPath } from '../store/files.ts'
import { openState } from '../store/open.ts'
import type { Plan } from './crowd.ts'
import { trialAdapter } from './trial-adapter.ts'

const plan = JSON.parse(process.argv[2] ?? '') as Plan
const { db, close } = await openState(plan.state, { clock })
const file = await openCallLog(callLogPath(plan.state), { clock })
const log = createCallLog(file.db, clock)
const path = createCallPath({ db, log, clock, random: () => 0 })
const service = {
  name: 'trial',
  adapter: trialAdapter,
  config: trialAdapter.config.parse({ base_url: plan.url, key: 'child-key' }),
  configHash: 'hash',
  guards: {
    timeoutMs: 2000,
    deadlineMs: 60_000,
    attempts: 1,
    breaker: { failures: 5, openForMs: 60_000 },
    ...plan.guards,
  },
  credentials: createCredentialCache(clock),
  redactor: createRedactor([]),
}

const ends = new Map<string, number>()
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort('told to stop'))
if (plan.waitsForAll) await fetch(`${plan.url}/go`)

let left = plan.count ?? Infinity
const untilMs = clock.monotonicMs() + (plan.forMs ?? Infinity)
async function work(): Promise<void> {
  while (left-- > 0 && clock.monotonicMs() < untilMs && !stop.signal.aborted) {
    const { signal } = stop
    const word = await path
      .call(service, 'read', { id: String(process.pid) }, { signal })
      .then(() => 'done', wordOf)
    ends.set(word, (ends.get(word) ?? 0) + 1)
    if (plan.pauseMs) await clock.sleep(plan.pauseMs)
  }
}

const wordOf = (error: unknown): string =>
  error instanceof IntegrationError ? `${error.kind} ${error.code ?? ''}`.trim() : String(error)

await Promise.all(Array.from({ length: plan.inFlight }, work))
await path.close()
await log.close()
await file.close()
await close()
process.stdout.write(`${JSON.stringify(Object.fromEntries(ends))}\n`)
