/** Checks the enabled services, each every `health.every`, spread over that time. */
import {
  admit,
  breakerHeld,
  breakerOpen,
  type BreakerState,
  breakerWord,
} from '../calls/breaker-state.ts'
import { createSemaphore } from '../calls/semaphore.ts'
import type { App } from '../app/app.ts'
import { adapterNamed } from '../app/catalogue.ts'
import { listServices } from '../app/list-services.ts'
import { noteExpiry } from '../app/secret-expiry.ts'
import { CaravanError, IntegrationError, isStateTrouble, messageOf } from '../core/errors.ts'
import { getBreaker, listBreakers } from '../store/breakers.ts'
import { type HealthCheck, insertHealthCheck, latestHealthChecks } from '../store/health-checks.ts'
import { failedLast } from '../store/list-calls.ts'
import type { DaemonContext, MakePart } from './part.ts'
import { createTimetable, type Place } from './timetable.ts'

const passMs = 1000
/** Checks that go on side by side: each holds a connection or two. */
const sideBySide = 32
/** For one check, repetitions included: a vendor that hangs holds its place no longer. */
const longestCheckMs = 60_000
/** How often calls and breakers are looked at, for services that want a check before their turn. */
const lookMs = 5000
/** The first check after a failure; each further one doubles it, up to the interval. */
const soonMs = 30_000
/** Calls that fail bring the next check forward, but not more often than this. */
const betweenMs = 60_000
/** How soon a service that was passed over is looked at again, such as one that was switched off. */
const lookAgainMs = 10_000

export const makeHealth: MakePart = (context) => {
  const { clock, log, signal } = context
  const timetable = createTimetable(clock)
  const places = createSemaphore(sideBySide)
  const running = new Map<string, Promise<void>>()
  let planned: App | undefined
  let lookedMs = -Infinity
  const words = new Map<string, string>()

  async function plan(app: App): Promise<void> {
    const { raw, config } = await app.usableConfig()
    const services = Object.entries((raw.services ?? {}) as object)
    const names = services.map(([name]) => name)
    const latest = planned ? new Map() : await latestHealthChecks(context.db, names)
    const versions = services.map(async ([name, entry]) => ({
      name,
      version: JSON.stringify([entry, config.services[name]?.enabled && (await madeOf(app, name))]),
    }))
    timetable.plan(await Promise.all(versions), { everyMs: config.health.every, latest })
    planned = app
  }

  /** A service that fails, or whose breaker has opened, is not left to its turn: so its recovery is seen soon. */
  async function hasten(app: App): Promise<void> {
    if (clock.monotonicMs() - lookedMs < lookMs) return
    lookedMs = clock.monotonicMs()
    const breakers = await listBreakers<BreakerState>(context.db)
    const failed = await failedLast((await app.log()).db)
    for (const { name, checkedMs, checkedAt, wasOk } of timetable.places()) {
      const word = breakerWord(breakers.get(name), clock.now().getTime())
      // Its turn finds out when the breaker lets a probe through, and comes again then.
      if (word !== 'closed' && (words.get(name) ?? 'closed') === 'closed') timetable.hasten(name, 0)
      words.set(name, word)
      const at = failed.get(name)
      if (at === undefined || !wasOk || checkedAt === undefined || at <= checkedAt) continue
      timetable.hasten(name, Math.max(0, checkedMs + betweenMs - clock.monotonicMs()))
    }
  }

  async function turnOf(app: App, place: Place): Promise<void> {
    await places.enter(signal)
    try {
      const { every } = (await app.usableConfig()).config.health
      await checkInTurn(context, app, place, every)
    } catch (error) {
      if (!signal.aborted)
        log.error('a health check could not be made', { service: place.name, error })
    } finally {
      places.leave()
    }
  }

  return {
    name: 'health',
    everyMs: passMs,
    async pass() {
      if (signal.aborted) return
      const app = context.app()
      if (app !== planned) await plan(app)
      await hasten(app)
      for (const place of timetable.takeDue((name) => running.has(name))) {
        const turn = turnOf(app, place)
          .catch(() => undefined) // its turn had not come when the daemon was stopped
          .finally(() => running.delete(place.name))
        running.set(place.name, turn)
      }
    },
    async stop() {
      await Promise.all(running.values())
    },
  }
}

/** Changes with the values of placeholders too, so that a secret that is no use is found within seconds. */
const madeOf = (app: App, name: string): Promise<string> =>
  app.service(name).then(({ configHash }) => configHash, messageOf)

async function checkInTurn(
  context: DaemonContext,
  app: App,
  place: Place,
  everyMs: number,
): Promise<void> {
  const { clock, log } = context
  const { name } = place
  const passed = await whyPassedOver(context, app, name)
  if (passed) {
    place.dueMs = Math.min(place.dueMs, clock.monotonicMs() + (passed.waitMs ?? lookAgainMs))
    if (place.passedOver !== passed.why) log.info(`not checked: ${passed.why}`, { service: name })
    place.passedOver = passed.why
    return
  }
  place.passedOver = undefined
  const seen = await checkService(context, app, name)
  if (seen) {
    place.checkedMs = clock.monotonicMs()
    place.checkedAt = clock.now().toISOString()
    place.failures = seen.isOk ? 0 : place.failures + 1
    const againMs = Math.min(everyMs, soonMs * 2 ** Math.min(place.failures - 1, 10))
    // Refused credentials do not mend themselves, and vendors lock accounts.
    const mayRecover = !seen.isOk && seen.errorKind !== 'auth' && seen.errorKind !== 'config'
    if (mayRecover) place.dueMs = Math.min(place.dueMs, clock.monotonicMs() + againMs)
  }
  if (!seen || seen.isOk === place.wasOk) return
  const { isOk, message, errorKind, callId } = seen
  if (!isOk) {
    const fields = { service: name, kind: errorKind, call: callId ?? undefined }
    log.warn(`the health check fails: ${message}`, fields)
  } else if (place.wasOk === false) log.info('the health check passes again', { service: name })
  place.wasOk = isOk
}

type PassedOver = { why: string; waitMs?: number }

/** Why a service is not checked now; undefined when it is. */
async function whyPassedOver(
  { db, clock }: DaemonContext,
  app: App,
  name: string,
): Promise<PassedOver | undefined> {
  const service = (await listServices(app)).services.find((one) => one.name === name)
  if (!service) return { why: 'it is no longer in the config' }
  if (service.state !== 'enabled') return { why: service.why ?? 'it is switched off' }
  const adapter = await adapterNamed(service.adapter)
  const effect = adapter.checkEffect ?? 'read'
  if (effect !== 'read')
    return { why: `its test has an effect (${effect}), so only people make it` }
  const state = await getBreaker<BreakerState>(db, name)
  const nowMs = clock.now().getTime()
  if (!state || breakerWord(state, nowMs) === 'closed') return undefined
  const known = await app.service(name).catch(() => undefined) // why it cannot be made is what the check will tell
  if (!known) return undefined
  const { configHash } = known
  const admission = admit(state, { ms: nowMs, holder: '', leaseMs: 0, configHash })
  if (admission.admitted) return undefined
  const { reason, waitMs } = admission
  if (waitMs === null) return { why: `held: ${reason}` }
  return { why: `the breaker is open: ${reason}`, waitMs: Math.max(passMs, waitMs) }
}

type Seen = Pick<HealthCheck, 'isOk' | 'message' | 'errorKind' | 'callId'>

/** What was recorded of it; undefined when nothing was learned. */
async function checkService(
  { db, clock, signal }: DaemonContext,
  app: App,
  name: string,
): Promise<Seen | undefined> {
  const stop = new AbortController()
  const timer = new AbortController()
  const end = () => stop.abort('stopped')
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  const at = clock.now().toISOString()
  const startedMs = clock.monotonicMs()
  let callId: string | null = null
  let lateAfterMs: number | undefined
  const record = async (
    isOk: boolean,
    message: string,
    errorKind: string | null,
  ): Promise<Seen> => {
    const seen = { isOk, message, errorKind, callId }
    const durationMs = clock.monotonicMs() - startedMs
    await insertHealthCheck(db, { service: name, at, durationMs, ...seen })
    return seen
  }
  try {
    const service = await app.service(name)
    const path = await app.calls()
    const deadlineMs = Math.min(service.guards.deadlineMs, longestCheckMs)
    const expire = () => {
      lateAfterMs = deadlineMs
      stop.abort('late')
    }
    clock.sleep(deadlineMs, timer.signal).then(expire, () => undefined)
    const onBegin = (id: string) => void (callId = id)
    const report = await path.check(service, stop.signal, { isRoutine: true, onBegin })
    const seen = await record(true, service.redactor.text(report.saw), null)
    await noteExpiry(app, name, report.expires)
    return seen
  } catch (error) {
    if (signal.aborted) return undefined
    if (lateAfterMs !== undefined) {
      return record(false, `no answer within ${lateAfterMs / 1000} s`, 'timeout')
    }
    if (!(error instanceof IntegrationError)) {
      if (!(error instanceof CaravanError) || isStateTrouble(error)) throw error
      return record(false, messageOf(error), 'config')
    }
    if (error.code === breakerOpen || error.code === breakerHeld) return undefined // somebody else was faster
    return record(false, messageOf(error), error.kind)
  } finally {
    timer.abort('over')
    signal.removeEventListener('abort', end)
  }
}
