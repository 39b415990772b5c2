/** One service climbs the ladder: config, network, credentials and operation, until the first rung that is broken. */
import type { Service } from '../../calls/call.ts'
import type { LoadedConfig } from '../../config/load.ts'
import type { CheckReport } from '../../core/adapter.ts'
import { type Cause, causes, type Rung, rungs } from '../../core/causes.ts'
import { CaravanError, IntegrationError, isStateTrouble, messageOf } from '../../core/errors.ts'
import type { Effect } from '../../core/kind.ts'
import { fewDays, type Prober } from '../../http/probe/index.ts'
import type { TestResult, TestRung } from '../answers/test.ts'
import type { App } from '../app.ts'
import { checkOffline, readyService } from './config-rung.ts'
import { causeOf } from './name-cause.ts'
import { climbNetwork } from './network-rungs.ts'

export type MaxEffect = 'none' | Effect
export const effects = ['none', 'read', 'write', 'message', 'money'] as const

export type Run = {
  app: App
  loaded: LoadedConfig
  prober: Prober
  maxEffect: MaxEffect
  offline: boolean
  /** Aborted with `deadlineOver` when the time for the whole is over, else when the program is asked to stop. */
  signal: AbortSignal
}

/** The reason of a signal that is aborted because the time for the whole test is over. */
export const deadlineOver = 'the deadline of the whole test'

export type Subject = { name: string; adapter: string; line: number; disabled: string | null }

/** What it climbed so far; whatever ends it, this is what is shown. */
type Climb = {
  rungs: TestRung[]
  warnings: string[]
  certificateEndsAt?: Date
  expires: NonNullable<CheckReport['expires']>
  /** When the rung it is at began, on the monotonic clock. */
  beganMs: number
  redact(text: string): string
}

const newClimb = ({ app }: Run): Climb => ({
  rungs: [],
  warnings: [],
  expires: [],
  beganMs: app.clock.monotonicMs(),
  redact: (text) => text,
})

type End = {
  result: TestResult['result']
  rung: Rung | null
  cause: Cause | null
  detail: string
  hint?: string
  call?: string
}

/** Never throws for a fault of the service; throws `state_…`, which concerns all of them. */
export async function testService(run: Run, subject: Subject): Promise<TestResult> {
  const { clock } = run.app
  const startedMs = clock.monotonicMs()
  const climb = newClimb(run)
  const end = await climbAll(run, subject, climb).catch((error: unknown) => {
    if (isStateTrouble(error)) throw error
    return failedAt(run, climb, error)
  })
  const durationMs = Math.round(clock.monotonicMs() - startedMs)
  return toResult(run, subject, climb, end, durationMs)
}

/** A service that is left out: nothing of it was looked at. */
export const leftOut = (run: Run, subject: Subject, cause: Cause, detail: string): TestResult => {
  const climb = newClimb(run)
  const result = causes[cause].exit === 'done' ? 'skipped' : 'failed'
  return toResult(run, subject, climb, { result, rung: 'config', cause, detail }, 0)
}

async function climbAll(run: Run, { name }: Subject, climb: Climb): Promise<End> {
  const { app, loaded } = run
  if (run.offline) {
    const saw = await checkOffline(app, loaded, name)
    climb.rungs.push({ rung: 'config', status: 'ok', saw, duration_ms: tookMs(run, climb) })
    skipRest(climb, 'offline')
    return { result: 'ok', rung: null, cause: null, detail: `config: ${saw}` }
  }
  const service = await readyService(app, loaded, name)
  climb.redact = service.redactor.text
  const fields = Object.keys(service.config as object).length
  const saw = `${fields} ${fields === 1 ? 'field' : 'fields'}`
  climb.rungs.push({ rung: 'config', status: 'ok', saw, duration_ms: tookMs(run, climb) })

  climb.beganMs = app.clock.monotonicMs()
  const network = await climbNetwork(run.prober, service)
  climb.rungs.push(...network.rungs)
  climb.warnings.push(...network.warnings)
  climb.certificateEndsAt = network.certificateEndsAt
  if (network.broken) return { result: 'failed', ...network.broken }
  return ask(run, service, climb)
}

async function ask(run: Run, service: Service, climb: Climb): Promise<End> {
  const refusal = refusalOf(run.maxEffect, service)
  if (refusal !== undefined) {
    skipRest(climb, refusal)
    return { result: 'skipped', rung: 'credentials', cause: 'effect_not_allowed', detail: refusal }
  }
  const { clock } = run.app
  climb.beganMs = clock.monotonicMs()
  const { saw, expires = [] } = await (await run.app.calls()).check(service, run.signal)
  // A vendor that sends nonsense must not fail the test that passed.
  climb.expires = expires.filter(({ at }) => at.getTime() < endOfCalendarMs)
  climb.warnings.push(...climb.expires.flatMap((each) => endingSoon(each, clock.now())))
  climb.rungs.push({ rung: 'credentials', status: 'ok', saw: 'accepted', duration_ms: 0 })
  climb.rungs.push({ rung: 'operation', status: 'ok', saw, duration_ms: tookMs(run, climb) })
  return { result: 'ok', rung: null, cause: null, detail: saw }
}

/** Why the check of the adapter is not run; undefined: it may. */
function refusalOf(allowed: MaxEffect, { adapter }: Service): string | undefined {
  if (allowed === 'none') return 'nothing is asked with credentials under --max-effect none'
  const effect = adapter.checkEffect ?? 'read'
  if (effects.indexOf(effect) <= effects.indexOf(allowed)) return undefined
  return `the test of ${adapter.title} has the effect "${effect}", which --max-effect ${allowed} rules out`
}

function skipRest(climb: Climb, saw: string): void {
  for (const rung of rungs.slice(climb.rungs.length)) {
    climb.rungs.push({ rung, status: 'skipped', saw, duration_ms: 0 })
  }
}

/** Names the rung at which something was thrown: the next one after those that hold, or the one before the last. */
function failedAt(run: Run, climb: Climb, error: unknown): End {
  const isOurs = error instanceof CaravanError || error instanceof IntegrationError
  const call = error instanceof IntegrationError ? error.callId : undefined
  const isAsking = climb.rungs.length >= rungs.indexOf('credentials')
  if (run.signal.aborted) {
    const isLate = run.signal.reason === deadlineOver
    const cause = isLate ? 'deadline_reached' : 'interrupted'
    const rung = isAsking ? 'operation' : (rungs[climb.rungs.length] ?? 'config')
    return fail(run, climb, rung, { cause, detail: causes[cause].says, call })
  }
  const cause = causeOf(error)
  const hint = isOurs ? error.hint : undefined
  const isAboutCredentials = causes[cause].rung === 'credentials'
  const asked = isAboutCredentials ? 'credentials' : 'operation'
  const rung = isAsking ? asked : (rungs[climb.rungs.length] ?? 'config')
  return fail(run, climb, rung, { cause, detail: messageOf(error), hint, call })
}

function fail(run: Run, climb: Climb, rung: Rung, end: Omit<End, 'result' | 'rung'>): End {
  if (rung === 'operation' && climb.rungs.length < rungs.indexOf('operation')) {
    const saw = 'not told apart from the operation'
    climb.rungs.push({ rung: 'credentials', status: 'skipped', saw, duration_ms: 0 })
  }
  const saw = end.detail.split('\n', 1)[0] ?? ''
  climb.rungs.push({ rung, status: 'failed', saw, duration_ms: tookMs(run, climb) })
  return { result: 'failed', rung, ...end }
}

const tookMs = ({ app }: Run, { beganMs }: Climb): number =>
  Math.round(app.clock.monotonicMs() - beganMs)

/** Later instants are no ISO 8601 text of four digits for the year. */
const endOfCalendarMs = Date.UTC(9999, 11, 31)

const dayMs = 86_400_000

const daysUntil = (at: Date, now: Date): number =>
  Math.floor((at.getTime() - now.getTime()) / dayMs)

function endingSoon({ field, at }: { field: string; at: Date }, now: Date): string[] {
  const days = daysUntil(at, now)
  if (days >= fewDays) return []
  const day = at.toISOString().slice(0, 10)
  return [days < 0 ? `${field} ended on ${day}` : `${field} ends on ${day}`]
}

function toResult(
  { app }: Run,
  { name, adapter, line, disabled }: Subject,
  climb: Climb,
  { result, rung, cause, detail, hint, call }: End,
  durationMs: number,
): TestResult {
  const { redact } = climb
  const reached = climb.rungs.map((each) => ({ ...each, saw: redact(each.saw) }))
  const missing = rungs.slice(reached.length).map((each): TestRung => {
    return { rung: each, status: 'not_reached', saw: '', duration_ms: 0 }
  })
  const { certificateEndsAt } = climb
  return {
    service: name,
    adapter,
    result,
    ok: result !== 'failed',
    rung,
    cause,
    exit: cause ? causes[cause].exit : 'done',
    duration_ms: durationMs,
    detail: redact(detail),
    next: cause && redact(hint ?? causes[cause].next),
    call: call ?? null,
    line,
    disabled,
    warnings: climb.warnings.map(redact),
    certificate_days: certificateEndsAt ? daysUntil(certificateEndsAt, app.clock.now()) : null,
    expires: climb.expires.map(({ field, at }) => ({ field, at: at.toISOString() })),
    rungs: [...reached, ...missing],
  }
}
