import { type BreakerState, breakerWord, closedBreaker, trip } from '../calls/breaker-state.ts'
import { CaravanError } from '../core/errors.ts'
import { changeBreaker, dropBreaker, getBreaker, listBreakers } from '../store/breakers.ts'
import { liftPause, listNotBefore } from '../store/limits.ts'
import type { BreakerInfo, BreakerReset } from './answers/breakers.ts'
import type { App } from './app.ts'
import { adapterNamed, unknownService } from './catalogue.ts'
import { readDurationFlag } from './duration-flag.ts'
import { operatorName } from './operator.ts'
import { guardsOf, serviceEntry } from './service.ts'

/** The breaker of every service in the file. */
export async function showBreakers(app: App): Promise<{ rows: BreakerInfo[]; faults: number }> {
  const { services, faults } = await app.overview()
  const { db } = await app.state()
  const states = await listBreakers<BreakerState>(db)
  const pauses = await listNotBefore(db)
  const nowMs = app.clock.now().getTime()
  const rows = services.map(({ name }) =>
    infoOf(name, states.get(name), pauses.get(name) ?? 0, nowMs),
  )
  return { rows, faults }
}

/** Opens a breaker by hand, for every process, from the next call on. Throws `service_unknown`, `value_missing`. */
export async function tripBreaker(
  app: App,
  name: string,
  flags: { reason?: string; for?: string },
): Promise<BreakerInfo> {
  const forMs = flags.for === undefined ? null : readDurationFlag('--for', flags.for)
  const entry = serviceEntry(await app.usableConfig(), name)
  const reason = flags.reason?.trim()
  if (!reason) {
    throw new CaravanError({
      code: 'value_missing',
      message: `why is the breaker of ${name} to be opened?`,
      hint: 'Say it with --reason <text>: whoever finds calls refused will read it.',
    })
  }
  const { breaker } = guardsOf(await adapterNamed(entry.adapter), entry)
  const { db } = await app.state()
  const ms = app.clock.now().getTime()
  const by = operatorName(app.env)
  const untilMs = forMs === null ? null : ms + forMs
  const state = await changeBreaker(
    db,
    name,
    closedBreaker(breaker),
    (held) => trip(held, { ms, untilMs, by, reason }),
    new Date(ms),
  )
  return infoOf(name, state, (await listNotBefore(db)).get(name) ?? 0, ms)
}

/** Closes a breaker, and lifts what else keeps calls from the vendor. Throws `service_unknown`. */
export async function resetBreaker(app: App, name: string): Promise<BreakerReset> {
  const { services } = await app.overview()
  const names = services.map((service) => service.name)
  if (!names.includes(name)) throw unknownService(name, names)
  const { db } = await app.state()
  const nowMs = app.clock.now().getTime()
  const state = await getBreaker<BreakerState>(db, name)
  const reason = `reset by ${operatorName(app.env)}`
  await dropBreaker(db, name, { at: new Date(nowMs), reason })
  const pauseMs = (await liftPause(db, name, nowMs)) ?? 0
  const was = infoOf(name, state, pauseMs, nowMs)
  const freed = freedBy(was)
  return { service: name, changed: freed.length > 0, was, freed }
}

function freedBy({ state, failures, opened_by, paused_until }: BreakerInfo): string[] {
  const open =
    opened_by === null ? 'the breaker was open' : `the breaker was opened by ${opened_by}`
  return [
    state === 'held' && 'the service was held, for its credentials were refused',
    (state === 'open' || state === 'half-open') && open,
    state === 'closed' && failures > 0 && `failures in a row: ${failures}`,
    paused_until !== null && 'the vendor had asked for a pause',
  ].filter((words) => words !== false)
}

function infoOf(
  service: string,
  state: BreakerState | undefined,
  pausedUntilMs: number,
  nowMs: number,
): BreakerInfo {
  const word = breakerWord(state, nowMs)
  const paused_until = pausedUntilMs > nowMs ? instantOf(pausedUntilMs) : null
  const none = { since: null, until: null, reason: null, opened_by: null, probe: null }
  const failures = state?.failures ?? 0
  if (!state || word === 'closed') return { service, state: word, failures, ...none, paused_until }
  const { tripped, probe, openUntilMs } = state
  const untilMs = tripped ? tripped.untilMs : openUntilMs
  return {
    service,
    state: word,
    failures,
    since: instantOf(state.sinceMs),
    until: word === 'open' ? instantOf(untilMs) : null,
    reason: state.reason,
    opened_by: tripped?.by ?? null,
    probe: probe && {
      call: probe.holder,
      host: probe.process?.host ?? null,
      pid: probe.process?.pid ?? null,
      until: new Date(probe.untilMs).toISOString(),
    },
    paused_until,
  }
}

const instantOf = (ms: number | null | undefined): string | null =>
  ms ? new Date(ms).toISOString() : null
