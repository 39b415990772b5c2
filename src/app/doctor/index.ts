/** Runs every check side by side, mends what is harmless when asked to, and tells what is left. */
import { CaravanError, messageOf } from '../../core/errors.ts'
import type { App } from '../app.ts'
import { readDurationFlag } from '../duration-flag.ts'
import type { DoctorAnswer } from '../answers/doctor.ts'
import { type Check, type Finding, findingOf, NotLookedAt, type Severity } from './check.ts'
import { checks } from './checks.ts'
import { admit, type Patient } from './patient.ts'

export type DoctorOptions = {
  fix?: boolean
  thorough?: boolean
  /** How long the checks may take together, as a duration; default 20s, or 10m when thorough. */
  deadline?: string
}

/** Changes nothing unless asked to fix. Throws `usage` for a deadline that is none, and nothing else. */
export async function examine(app: App, options: DoctorOptions = {}): Promise<DoctorAnswer> {
  const deadlineMs = deadlineOf(options)
  const look = () => withDeadline(app, deadlineMs, options.thorough ?? false, runAll)
  let results = await look()
  const fixed: DoctorAnswer['fixed'] = []
  if (options.fix) {
    fixed.push(
      ...(await mendAll(
        results.flatMap(({ findings }) => findings),
        app.signal,
      )),
    )
    // What was mended may have kept another check from looking.
    if (fixed.length > 0) results = await look()
  }
  return {
    findings: results
      .flatMap(({ findings }) => findings)
      .toSorted(bySeverity)
      .map(told),
    fixed,
    checks: results.map(({ check: { id, title }, result }) => ({ id, title, result })),
  }
}

type Result = DoctorAnswer['checks'][number]['result']
type Looked = { check: Check; findings: Finding[]; result: Result }

const runAll = (patient: Patient): Promise<Looked[]> =>
  Promise.all(checks.map((check) => runOne(check, patient)))

/** A check that fails is a finding like any other: the rest goes on. */
async function runOne(check: Check, patient: Patient): Promise<Looked> {
  try {
    const findings = await Promise.race([check.run(patient), outOfTime(patient.signal)])
    return { check, findings, result: worst(findings) }
  } catch (error) {
    if (error instanceof NotLookedAt) return { check, findings: [], result: 'skipped' }
    const findings = [failed(check, patient, error)]
    return { check, findings, result: worst(findings) }
  }
}

function failed(check: Check, { signal }: Patient, error: unknown): Finding {
  const isLate = signal.aborted && error === signal.reason
  const { what, why, mend } = findingOf(check.id, error)
  return {
    check: check.id,
    severity: 'warning',
    what: isLate ? `${check.title}: not finished in time` : `could not be looked at: ${what}`,
    ...(why !== undefined && { why }),
    mend: isLate
      ? 'caravan doctor --deadline 5m'
      : error instanceof CaravanError
        ? mend
        : 'Please report it with the steps that led here.',
  }
}

const outOfTime = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

async function withDeadline<T>(
  app: App,
  deadlineMs: number,
  isThorough: boolean,
  use: (patient: Patient) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const end = new AbortController()
  const signal = AbortSignal.any([over.signal, app.signal])
  void app.clock.sleep(deadlineMs, end.signal).then(
    () => over.abort(new Error('the time is up')),
    () => undefined,
  )
  const patient = admit(app, { signal, isThorough })
  try {
    return await use(patient)
  } finally {
    end.abort()
    await patient.close()
  }
}

async function mendAll(
  findings: readonly Finding[],
  signal: AbortSignal,
): Promise<DoctorAnswer['fixed']> {
  const fixed: DoctorAnswer['fixed'] = []
  for (const { check, fix } of findings) {
    if (!fix || signal.aborted) continue
    try {
      await fix.run()
      fixed.push({ check, what: fix.title, failed: null })
    } catch (error) {
      fixed.push({ check, what: fix.title, failed: messageOf(error) })
    }
  }
  return fixed
}

const order: readonly Severity[] = ['problem', 'warning', 'note']

const bySeverity = (a: Finding, b: Finding): number =>
  order.indexOf(a.severity) - order.indexOf(b.severity)

const worst = (findings: readonly Finding[]): Result =>
  order.find((severity) => findings.some((finding) => finding.severity === severity)) ?? 'sound'

const told = ({ check, severity, what, why, mend, fix }: Finding) => ({
  check,
  severity,
  what,
  why: why ?? null,
  mend,
  fixable: fix !== undefined,
})

function deadlineOf({ deadline, thorough }: DoctorOptions): number {
  if (deadline === undefined) return thorough ? 600_000 : 20_000
  return readDurationFlag('--deadline', deadline)
}
