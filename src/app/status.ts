import { type BreakerState, breakerWord } from '../calls/breaker-state.ts'
import { listBreakers } from '../store/breakers.ts'
import { listCalls, lastSuccessByService, type LoggedCall } from '../store/list-calls.ts'
import { countEntries } from '../store/outbox-upkeep.ts'
import { callLogPath } from '../store/files.ts'
import { stateSizes } from '../store/sizes.ts'
import type { Status } from './answers/project.ts'
import type { App } from './app.ts'
import { listJobs } from './jobs.ts'
import { listServices } from './list-services.ts'

/** What an operator wants to see first. */
export async function readStatus(app: App): Promise<Status> {
  const { services } = await listServices(app)
  const state = await app.state()
  const log = await app.log()
  const nowMs = app.clock.now().getTime()
  const breakers = await listBreakers<BreakerState>(state.db)
  const successes = await lastSuccessByService(log.db)
  return {
    services: await Promise.all(
      services.map(async (service) => {
        const { calls } = await listCalls(log.db, { service: service.name }, { limit: lookedAt })
        return {
          ...service,
          health: healthOf(calls),
          breaker: breakerWord(breakers.get(service.name), nowMs),
          last_success_at: successes.get(service.name) ?? null,
        }
      }),
    ),
    jobs: await listJobs(app),
    queue: { waiting: 0, sending: 0, dead: 0, unknown: 0, ...(await countEntries(state.db)) },
    files: filesOf(state.path),
    max_size: (await app.overview()).maxSize,
  }
}

/** How many calls back something is looked for that tells of the service. */
const lookedAt = 10

/** By the last call that tells of the service: what was refused for its input was answered; a call given up says nothing. */
function healthOf(calls: readonly LoggedCall[]): Status['services'][number]['health'] {
  for (const { outcome, error_kind: kind } of calls) {
    if (outcome === 'done' || outcome === 'partial') return 'ok'
    if (kind === 'rejected') continue
    if (outcome === 'accepted' || outcome === 'running' || kind === 'cancelled') continue
    return 'failing'
  }
  return calls.some(({ error_kind: kind }) => kind === 'rejected') ? 'ok' : 'unknown'
}

function filesOf(path: string): Status['files'] {
  const sizes = stateSizes(path)
  return [
    { file: path, bytes: sizes.state + sizes.stateWriteAhead },
    { file: callLogPath(path), bytes: sizes.calls + sizes.callsWriteAhead },
  ]
}
