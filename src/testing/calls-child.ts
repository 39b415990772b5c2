/** A process that calls the trial adapter: node calls-child.ts STATE URL COUNT IN_FLIGHT PER_SECOND OPEN_FOR_MS */
import { createCallLog } from '../calls/log.ts'
import { createCallPath } from '../calls/path.ts'
import { createRedactor } from '../calls/redact.ts'
import { systemClock } from '../core/clock.ts'
import { createCredentialCache } from '../core/credentials.ts'
import { IntegrationError } from '../core/errors.ts'
import { openCallLog } from '../store/call-log.ts'
import { callLogPath } from '../store/files.ts'
import { openState } from '../store/open.ts'
import { trialAdapter } from './trial-adapter.ts'

const [statePath = '', url = '', ...numbers] = process.argv.slice(2)
const [count = 1, inFlight = 1, perSecond = 0, openForMs = 60_000] = numbers.map(Number)

const { db, close } = await openState(statePath, { clock: systemClock })
const file = await openCallLog(callLogPath(statePath), { clock: systemClock })
const log = createCallLog(file.db, systemClock)
const path = createCallPath({ db, log, clock: systemClock, random: () => 0 })
const service = {
  name: 'trial',
  adapter: trialAdapter,
  config: trialAdapter.config.parse({ base_url: url, key: 'child-key' }),
  configHash: 'hash',
  guards: {
    timeoutMs: 2000,
    deadlineMs: 60_000,
    attempts: 1,
    breaker: { failures: 5, openForMs },
    perSecond: perSecond || undefined,
  },
  credentials: createCredentialCache(systemClock),
  redactor: createRedactor([]),
}

/** Prints one line for each call: `done`, or the kind and code of its failure. */
let left = count
async function work(): Promise<void> {
  while (left-- > 0) {
    const line = await path.call(service, 'read', { id: '1' }).then(
      () => 'done',
      (error: unknown) =>
        error instanceof IntegrationError ? `${error.kind} ${error.code ?? ''}` : String(error),
    )
    process.stdout.write(`${line}\n`)
  }
}
await Promise.all(Array.from({ length: inFlight }, work))
await log.close()
await file.close()
await close()
