import { type BreakerState, breakerWord } from '../calls/breaker-state.ts'
import { listBreakers } from '../store/breakers.ts'
import { listCalls, lastSuccessByService } from '../store/list-calls.ts'
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
  const breakers = await listBreakers<BreakerState>(state.db)
  const successes = await lastSuccessByService(log.db)
  return {
    services: await Promise.all(
      services.map(async (service) => {
        const { calls } = await listCalls(log.db, { service: service.name }, { limit: 1 })
        const [last] = calls
        return {
          ...service,
          health: last ? (last.outcome === 'done' ? 'ok' : 'failing') : ('unknown' as const),
          breaker: breakerWord(breakers.get(service.name)),
          last_success_at: successes.get(service.name) ?? null,
        }
      }),
    ),
    jobs: await listJobs(app),
    files: filesOf(state.path),
    max_size: (await app.overview()).maxSize,
  }
}

function filesOf(path: string): Status['files'] {
  const sizes = stateSizes(path)
  return [
    { file: path, bytes: sizes.state + sizes.stateWriteAhead },
    { file: callLogPath(path), bytes: sizes.calls + sizes.callsWriteAhead },
  ]
}
