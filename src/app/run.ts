import { CaravanError, exitOf, IntegrationError, messageOf } from '../core/errors.ts'
import type { Exit } from '../core/exit-codes.ts'
import type { Kind } from '../core/kind.ts'
import type { AnyContext, AnyJob, Progress } from '../jobs/define.ts'
import { type RunOutcome, runSync } from '../jobs/runner.ts'
import { stopOf } from '../jobs/watch-run.ts'
import { listFailures } from '../store/run-failures.ts'
import { findRun } from '../store/runs.ts'
import { counted } from '../core/words.ts'
import type { Db } from '../store/schema.ts'
import { checkAgainst } from '../config/issues.ts'
import type { RunReport } from './answers/runs.ts'
import type { App } from './app.ts'
import { jobNamed } from './catalogue.ts'
import { clientOf } from './clients.ts'
import { keepMemoryLean } from './lean-memory.ts'
import { operatorName } from './operator.ts'
import { serviceOfKind } from './route.ts'

export type RunRequest = {
  /** From flags, over what the config says under `with`. */
  options?: Record<string, unknown>
  dryRun?: boolean
  fromStart?: boolean
  /** Id of a run, or its beginning: only the items that failed in it. */
  retryFailed?: string
  /** Default: `manual`. */
  trigger?: string
  /** Aborted when this run alone is to stop at its next checkpoint. */
  signal?: AbortSignal
  /** The occurrence it serves. */
  dueAt?: Date
  /** Called in the transaction that makes the run, so that what belongs to it is there with it. */
  onStarted?(tx: Db, run: string): Promise<void>
  /** In milliseconds; default: `timeout` of the job in the config, else none. */
  timeoutMs?: number
  onProgress?(progress: Progress): void
}

export type { RunReport }

/** Runs a job now and waits for it. Throws only what kept it from starting; a run that failed is in the report. */
export async function runJob(
  app: App,
  id: string,
  request: RunRequest,
): Promise<{ report: RunReport; error: unknown }> {
  const job = await jobNamed(id)
  const { config } = await app.config()
  const { db } = await app.state()
  const given = { ...config.jobs[id]?.with, ...request.options }
  const options = request.retryFailed
    ? await failedOnly(db, job, request.retryFailed, request.options)
    : readOptions(job, given)
  const { clientsFor, servedBy } = await openClients(app, job)
  keepMemoryLean()
  const outcome = await runSync(job, {
    db,
    clock: app.clock,
    signal: request.signal ? AbortSignal.any([app.signal, request.signal]) : app.signal,
    timeoutMs: request.timeoutMs ?? config.jobs[id]?.timeout,
    dueAt: request.dueAt,
    onStarted: request.onStarted,
    trigger: request.trigger ?? 'manual',
    startedBy: request.dueAt ? undefined : operatorName(app.env),
    options,
    fromStart: request.fromStart,
    isDryRun: request.dryRun,
    clientsFor,
    servedBy,
    onProgress: request.onProgress,
  })
  const isAskedTo = outcome.status === 'interrupted' && !stopOf(outcome.error)
  const error = isAskedTo ? undefined : outcome.error
  return { report: reportOf(job, { ...outcome, error }, request.dryRun ?? false), error }
}

/** All faults of the options at once, in the words of flags and config alike. */
function readOptions(job: AnyJob, given: Record<string, unknown>): Record<string, unknown> {
  const checked = checkAgainst(job.options.strict(), given)
  if (checked.ok) return checked.value as Record<string, unknown>
  const faults = checked.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`)
  throw new CaravanError({
    code: 'usage',
    message: `${job.id} cannot be run with these options:\n${faults.join('\n')}`,
    hint: `They are shown by "caravan sync ${job.id} --help".`,
  })
}

/** As that run was run, with prices if it asked for prices, unless a flag says otherwise. */
async function failedOnly(
  db: Db,
  job: AnyJob,
  runId: string,
  flags: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const run = await findRun(db, runId)
  if (run.trigger === 'dry-run') {
    throw new CaravanError({
      code: 'usage',
      message: `run ${run.id} was a dry run, which keeps no failures`,
      hint: `Run it without --dry-run first. The runs of this job: caravan runs --job ${job.id}`,
    })
  }
  if (run.job !== job.id) {
    throw new CaravanError({
      code: 'usage',
      message: `run ${run.id} is one of ${run.job}, not of ${job.id}`,
      hint: `The runs of this job: caravan runs --job ${job.id}`,
    })
  }
  const keys: string[] = []
  for (let page = await listFailures(db, run.id); page.length > 0;) {
    keys.push(...page.map(({ key }) => key))
    page = await listFailures(db, run.id, { afterKey: keys.at(-1) })
  }
  const kept = Object.entries(run.options as object).filter(
    ([name]) => name in job.options.shape && !job.onlyFlags?.includes(name),
  )
  const options = readOptions(job, { ...Object.fromEntries(kept), ...flags })
  if (keys.length > 0) return job.retry(options, keys)
  throw new CaravanError({ code: 'usage', message: `nothing failed in run ${run.id}` })
}

async function openClients(app: App, job: AnyJob) {
  const path = await app.calls()
  const needs: [name: string, kind: Kind][] = Object.entries(job.needs)
  const found = await Promise.all(
    needs.map(async ([name, kind]) => {
      return { name, kind, service: await app.service(await serviceOfKind(app, kind.id)) }
    }),
  )
  const { services } = await app.overview()
  const hasChoice = ({ kind }: { kind: Kind }) =>
    services.filter((one) => one.kind === kind.id).length > 1
  const clientsFor = (runId: string): Pick<AnyContext, 'use' | 'source'> => ({
    use: Object.fromEntries(
      found.map(({ name, kind, service }) => [name, clientOf(path, service, kind, runId)]),
    ),
    source: Object.fromEntries(found.map(({ name, service }) => [name, service.name])),
  })
  const servedBy = found.some(hasChoice)
    ? found.map(({ service }) => service.name).join(' ')
    : undefined
  return { clientsFor, servedBy }
}

function reportOf(job: AnyJob, outcome: RunOutcome, isDryRun: boolean): RunReport {
  return {
    run: outcome.id,
    job: job.id,
    status: outcome.status,
    dry_run: isDryRun,
    duration_ms: outcome.durationMs,
    counters: outcome.counters,
    failures: outcome.failures.map(({ key, reason, raw }) => ({ key, reason, raw: raw ?? null })),
    changes: outcome.changes,
    notes: outcome.notes,
    resumed_from: outcome.resumedFrom,
    error: outcome.error === undefined ? null : errorOf(outcome.error),
    exit: exitFor(outcome),
  }
}

/** Why a run is no success, in one line; null when it is, or nothing is known of it. */
export function whyNotWhole({ error, counters, failures }: RunReport): string | null {
  const [first] = failures
  if (error) return error.message
  if (counters.failed === 0) return null
  const which = first ? `, the first: ${first.key}: ${first.reason}` : ''
  return `${counted(counters.failed, 'item')} failed${which}`
}

function exitFor({ status, error }: RunOutcome): Exit {
  if (status === 'success') return 'done'
  if (status === 'partial') return 'partial'
  if (error === undefined && status === 'interrupted') return 'interrupted'
  return error === undefined ? 'failed' : exitOf(error)
}

function errorOf(error: unknown): RunReport['error'] {
  const told = error instanceof CaravanError || error instanceof IntegrationError
  const code = error instanceof IntegrationError ? error.kind : told ? error.code : 'internal'
  return { code: code ?? 'internal', message: messageOf(error), hint: (told && error.hint) || null }
}
