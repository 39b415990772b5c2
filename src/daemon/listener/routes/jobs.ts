import { z } from 'zod'
import { CaravanError } from '../../../core/errors.ts'
import { tellRun } from '../../tell-run.ts'
import { type ApiRoute, type Asking, defineRoute } from '../route.ts'
import { durationText, limit, reasonText } from './fields.ts'

const runStatuses = ['running', 'success', 'partial', 'failed', 'interrupted', 'guarded'] as const

const RunBody = z.strictObject({
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Of the job, as the config may have them under "with", and over what it says'),
  from_start: z.boolean().default(false).describe('Forget the checkpoint and read everything'),
  dry_run: z.boolean().default(false).describe('Write nothing, and count what would change'),
})

export const jobRoutes: ApiRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/jobs',
    scope: 'read',
    summary: 'The jobs, their schedules and last runs',
    answer: 'jobs list',
    async run({ app }) {
      const { listJobs } = await import('../../../app/jobs.ts')
      return { data: { jobs: await listJobs(app) } }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/jobs/{id}/run',
    scope: 'call',
    summary: 'Run a job now, in the daemon',
    notes: 'Answers as soon as the run has begun: ask for /runs/{id} to see how it goes.',
    answer: 'runs show',
    statuses: { 202: 'The run has begun' },
    body: RunBody,
    async run(asking, { path, body }) {
      const run = await startRun(asking, path.id ?? '', body)
      const { showRun } = await import('../../../app/runs.ts')
      const data = await showRun(asking.app, run)
      return { status: 202, data, headers: { location: `/runs/${run}` } }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/jobs/{id}/pause',
    scope: 'admin',
    summary: 'Skip the schedule of a job, for every process, at once',
    notes: 'A run that is under way goes on.',
    answer: 'jobs pause',
    body: z.strictObject({
      reason: reasonText.optional().describe('Why, for those who see it'),
      for: durationText
        .optional()
        .describe('Resumes it after this time, such as 2h; left out: somebody does'),
    }),
    async run({ app }, { path, body }) {
      const { pauseJob } = await import('../../../app/job-pauses.ts')
      return { data: await pauseJob(app, path.id ?? '', body) }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/jobs/{id}/resume',
    scope: 'admin',
    summary: 'Keep the schedule of a job again',
    answer: 'jobs resume',
    async run({ app }, { path }) {
      const { resumeJob } = await import('../../../app/job-pauses.ts')
      return { data: await resumeJob(app, path.id ?? '') }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/runs',
    scope: 'read',
    summary: 'The runs, the newest first',
    answer: 'runs list',
    query: z.strictObject({
      job: z.string().optional(),
      status: z.enum(runStatuses).optional(),
      limit: limit(20),
    }),
    async run({ app }, { query }) {
      const { listRecentRuns } = await import('../../../app/runs.ts')
      return { data: { runs: await listRecentRuns(app, query) } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/runs/{id}',
    scope: 'read',
    summary: 'One run: counters, error, failed items',
    answer: 'runs show',
    async run({ app }, { path }) {
      const { showRun } = await import('../../../app/runs.ts')
      return { data: await showRun(app, path.id ?? '') }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/runs/{id}/cancel',
    scope: 'admin',
    summary: 'Stop a run at its next checkpoint, whichever process runs it',
    answer: 'runs cancel',
    body: z.strictObject({ reason: reasonText.optional().describe('Why, for those who see it') }),
    async run({ app }, { path, body }) {
      const { cancelRunNamed } = await import('../../../app/runs.ts')
      return { data: await cancelRunNamed(app, path.id ?? '', body) }
    },
  }),
]

/** Resolves with the id of the run once its row is there; the run itself goes on. */
async function startRun(
  { app, log, signal, keepGoing }: Asking,
  job: string,
  body: z.output<typeof RunBody>,
): Promise<string> {
  const { runJob, whyNotWhole } = await import('../../../app/run.ts')
  const { options, from_start: fromStart, dry_run: dryRun } = body
  await requireOrdinary(job, options)
  const started = Promise.withResolvers<string>()
  const running = runJob(app, job, {
    options,
    fromStart,
    dryRun,
    signal,
    trigger: 'api',
    onStarted: async (_tx, run) => started.resolve(run),
  })
  keepGoing(running.then(({ report }) => tellRun(log, { ...report, error: whyNotWhole(report) })))
  // What keeps it from starting is thrown before its row is there.
  const { report } = (await Promise.race([
    started.promise.then((run) => ({ report: { run } })),
    running,
  ])) as { report: { run: string } }
  return report.run
}

/** A token may not lift a guard, nor name files of this machine: that is for whoever sits at it. */
async function requireOrdinary(id: string, options: Record<string, unknown> = {}): Promise<void> {
  const { jobNamed } = await import('../../../app/catalogue.ts')
  const { toldPerRun } = await import('../../../jobs/define.ts')
  const job = await jobNamed(id)
  const { onlyFlags = [] } = job
  const name = onlyFlags.find((each) => Object.hasOwn(options, each)) ?? toldPerRun(job)[0]
  if (name === undefined) return
  throw new CaravanError({
    code: 'usage',
    message: `${name} is taken on the command line alone`,
    hint: 'Leave it out, or have somebody run the job with "caravan" on the machine itself.',
  })
}
