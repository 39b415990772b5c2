import { type BreakerState, breakerWord } from '../calls/breaker-state.ts'
import { listChannels } from '../store/alert-channels.ts'
import { listFiring } from '../store/alerts.ts'
import { listBreakers } from '../store/breakers.ts'
import { currentDaemon, latestDaemon } from '../store/daemons.ts'
import { callLogPath } from '../store/files.ts'
import { latestHealthChecks } from '../store/health-checks.ts'
import { countOpenHooks } from '../store/open-hooks.ts'
import { lastSuccessByService, listCalls } from '../store/list-calls.ts'
import { countEntries } from '../store/outbox-upkeep.ts'
import { listPauses } from '../store/pauses.ts'
import type { Db } from '../store/schema.ts'
import { stateSizes } from '../store/sizes.ts'
import type { Status } from './answers/project.ts'
import type { ServiceInfo } from './answers/services.ts'
import type { App } from './app.ts'
import { listJobs } from './jobs.ts'
import { listServices } from './list-services.ts'
import { callsLookedAt, healthOf } from './service-health.ts'

/** What an operator wants to see first. */
export async function readStatus(app: App): Promise<Status> {
  const { services } = await listServices(app)
  const state = await app.state()
  const { db } = state
  const now = app.clock.now()
  const pauses = await listPauses(db, now)
  return {
    services: await statusOf(app, services),
    jobs: await listJobs(app),
    paused: [...pauses.values()].map(({ job, reason, until, setBy, setAt }) => {
      return { job, reason, until, set_by: setBy, set_at: setAt }
    }),
    daemon: await daemonStatus(db, now),
    alerts: await alertsOf(db),
    hooks: { waiting: 0, failed: 0, ...(await hooksOf(db)) },
    queue: { waiting: 0, sending: 0, dead: 0, unknown: 0, ...(await countEntries(db)) },
    files: filesOf(state.path),
    max_size: (await app.overview()).maxSize,
  }
}

async function statusOf(app: App, services: readonly ServiceInfo[]): Promise<Status['services']> {
  const { db } = await app.state()
  const log = await app.log()
  const nowMs = app.clock.now().getTime()
  const names = services.map(({ name }) => name)
  const breakers = await listBreakers<BreakerState>(db)
  const checks = await latestHealthChecks(db, names)
  const successes = await lastSuccessByService(log.db)
  return Promise.all(
    services.map(async (service) => {
      const { calls } = await listCalls(log.db, { service: service.name }, { limit: callsLookedAt })
      const check = checks.get(service.name)
      return {
        ...service,
        ...healthOf(calls, check),
        checked_at: check?.at ?? null,
        check_passed: check?.isOk ?? null,
        check_message: check?.message ?? null,
        breaker: breakerWord(breakers.get(service.name), nowMs),
        last_success_at: successes.get(service.name) ?? null,
      }
    }),
  )
}

/** The daemon that runs, else the one that ran last; null when there never was one. */
export async function daemonStatus(db: Db, now: Date): Promise<Status['daemon']> {
  const running = await currentDaemon(db, now)
  const daemon = running ?? (await latestDaemon(db))
  if (!daemon) return null
  return {
    running: running !== undefined,
    pid: daemon.pid,
    host: daemon.host,
    version: daemon.version,
    started_at: daemon.startedAt,
    stopped_at: daemon.stoppedAt,
    ticked_at: daemon.tickedAt,
    listens_at: running ? daemon.listensAt : null,
    listen_error: running ? daemon.listenError : null,
    config_loaded_at: daemon.configLoadedAt,
    config_error: running ? daemon.configError : null,
  }
}

async function alertsOf(db: Db): Promise<Status['alerts']> {
  const firing = await listFiring(db)
  const channels = await listChannels(db)
  const worst = (['high', 'medium', 'low'] as const).find((severity) =>
    firing.some((alert) => alert.severity === severity),
  )
  return {
    firing: firing.length,
    silenced: firing.filter(({ silencedBy }) => silencedBy !== null).length,
    worst: worst ?? null,
    failing_channels: channels.flatMap(({ service, failingSince: since, failures, error }) =>
      since === null ? [] : [{ service, since, failures, error }],
    ),
  }
}

async function hooksOf(db: Db): Promise<Partial<Status['hooks']>> {
  const { received, failed } = await countOpenHooks(db)
  return { waiting: received ?? 0, failed: failed ?? 0 }
}

function filesOf(path: string): Status['files'] {
  const sizes = stateSizes(path)
  return [
    { file: path, bytes: sizes.state + sizes.stateWriteAhead },
    { file: callLogPath(path), bytes: sizes.calls + sizes.callsWriteAhead },
  ]
}
