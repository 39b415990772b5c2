import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type BreakerState, breakerWord } from '../../calls/breaker-state.ts'
import { type ConfigFault, pathText } from '../../config/faults.ts'
import type { Config } from '../../config/schema.ts'
import { breakerPresets } from '../../core/breaker-presets.ts'
import { listChannels } from '../../store/alert-channels.ts'
import {
  countFailedHooks,
  countMissed,
  countStuck,
  expiringSecrets,
  expiringTokens,
  jobsRunSince,
  lastChecks,
  lastEnds,
  lastJudged,
  liveDaemons,
  nextDues,
} from '../../store/alert-facts.ts'
import { listBreakers } from '../../store/breakers.ts'
import { listPauses } from '../../store/pauses.ts'
import { stateSizes } from '../../store/sizes.ts'
import type { ServiceInfo } from '../answers/services.ts'
import type { App } from '../app.ts'
import { listServices } from '../list-services.ts'
import { placesOfSecrets, usersAt } from '../secret-users.ts'
import { defaults } from '../service.ts'
import { type CallRates, noCalls } from './call-rates.ts'
import type { BreakerFacts, ExpiryFacts, Facts, JobFacts, ServiceFacts } from './facts.ts'
import { checksInARow } from './rules/health.ts'

const dayMs = 86_400_000

/** Who sets a pause where no person did. */
const caravan = 'caravan'

/** `rates` keeps what it knows from one pass to the next. */
export async function readFacts(app: App, rates: CallRates): Promise<Facts> {
  const now = app.clock.now()
  const { config } = await app.usableConfig()
  const { db, path } = await app.state()
  const sizes = stateSizes(path)
  return {
    now,
    settings: config.alerts,
    services: await readServices(app, config, rates, now),
    jobs: await readJobs(app, config, now),
    daemons: await liveDaemons(db, now),
    expiries: await readExpiries(app, config, now),
    state: { bytes: sizes.state + sizes.stateWriteAhead, limit: config.retention.max_size },
    disk: freeOn(dirname(path)),
    stuck: await countStuck(db),
    failedHooks: await countFailedHooks(db),
    channels: await listChannels(db),
  }
}

async function readServices(
  app: App,
  config: Config,
  rates: CallRates,
  now: Date,
): Promise<ServiceFacts[]> {
  const { db } = await app.state()
  const log = (await app.log()).db
  const { services } = await listServices(app)
  const faults = [...(await app.usableConfig()).faults, ...(await app.review()).faults]
  const rated = await rates.read(log, { now, ms: config.alerts.window })
  const breakers = await listBreakers<BreakerState>(db)
  const since = new Date(now.getTime() - dayMs)
  const facts: ServiceFacts[] = []
  for (const service of services.filter(({ state }) => state !== 'disabled')) {
    const { name } = service
    const failureLimit = limitOf(config, service)
    facts.push({
      name,
      fault: faultOf(name, faults),
      rate: rated.get(name) ?? noCalls,
      failureLimit,
      lastCalls: await lastJudged(log, name, { limit: failureLimit, since }),
      breaker: breakerOf(breakers.get(name), now),
      checks: await lastChecks(db, name, { limit: checksInARow, since }),
    })
  }
  return facts
}

function faultOf(name: string, faults: readonly ConfigFault[]): string | null {
  const found = faults.find(({ path }) => path[0] === 'services' && path[1] === name)
  return found ? `${pathText(found.path)}: ${found.message}` : null
}

const limitOf = ({ services }: Config, { name, kind }: ServiceInfo): number =>
  services[name]?.breaker?.failures ?? breakerPresets[kind]?.failures ?? defaults.breaker.failures

const breakerOf = (state: BreakerState | undefined, now: Date): BreakerFacts => ({
  word: breakerWord(state, now.getTime()),
  trippedBy: state?.tripped?.by ?? null,
  failures: state?.failures ?? 0,
})

async function readJobs(app: App, config: Config, now: Date): Promise<JobFacts[]> {
  const { db } = await app.state()
  const dues = await nextDues(db)
  const pauses = await listPauses(db, now)
  const since = new Date(now.getTime() - config.alerts.window)
  const byHandSince = new Date(now.getTime() - dayMs)
  const facts: JobFacts[] = []
  // Also those that the file does not name: somebody, or a program over the API, has run them.
  for (const id of new Set([
    ...Object.keys(config.jobs),
    ...(await jobsRunSince(db, byHandSince)),
  ])) {
    const { alert_after: alertAfter = 1, schedule, enabled = true } = config.jobs[id] ?? {}
    if (!enabled) continue
    const pause = pauses.get(id)
    facts.push({
      id,
      alertAfter,
      hasSchedule: schedule !== undefined,
      ends: await lastEnds(db, id, { limit: alertAfter, byHandSince }),
      missed: schedule ? await countMissed(db, id, since) : { count: 0, lastDueAt: null },
      nextDueAt: dues.get(id) ?? null,
      quarantine: pause?.setBy === caravan ? { reason: pause.reason, since: pause.setAt } : null,
    })
  }
  return facts
}

/** Secrets that no place of the config names are left out: nothing breaks when they end. */
async function readExpiries(app: App, config: Config, now: Date): Promise<ExpiryFacts[]> {
  const { db } = await app.state()
  const before = new Date(now.getTime() + config.alerts.expires_within)
  const places = placesOfSecrets((await app.usableConfig()).raw)
  const secrets = (await expiringSecrets(db, before)).flatMap(({ name, at }) => {
    const users = usersAt(places.get(name) ?? [])
    return users.length > 0 ? [{ what: 'secret' as const, name, at, users }] : []
  })
  const tokens = await expiringTokens(db, before)
  return [...secrets, ...tokens.map((token) => ({ what: 'token' as const, users: [], ...token }))]
}

/** Null where it cannot be told. */
function freeOn(folder: string): Facts['disk'] {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder)
    return { freeBytes: bavail * bsize, freeFiles: files > 0 ? ffree : null }
  } catch {
    return null
  }
}
