import type { Command } from 'commander'
import type { JobInfo, PausedJob } from '../app/answers/jobs.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import { registerExplain } from './jobs-explain.ts'
import { registerLedger } from './jobs-ledger.ts'
import { toneOf } from './output/colour.ts'
import { printList, printRecord } from './output/print.ts'
import { formatInstant, formatShortInstant } from './output/time.ts'
import { sayFaults } from './say-faults.ts'
import { asSync } from './sync.ts'

export function registerJobs(program: Command, cli: Cli): void {
  const jobs = program
    .command('jobs')
    .summary('Look at the jobs, their schedules and what they did')

  const list = jobs
    .command('list', { isDefault: true })
    .summary('List the jobs with their schedule, last and next run')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const { rows, faults } = await cli.withApp(async (app) => {
        const { listJobs } = await import('../app/jobs.ts')
        return { rows: await listJobs(app), faults: (await app.overview()).faults }
      })
      await printList(
        io,
        {
          name: 'jobs',
          rows,
          columns: [
            { title: 'JOB', text: (row) => row.id },
            { title: 'TITLE', text: (row) => row.title, shrink: 3, drop: 3 },
            {
              title: 'SCHEDULE',
              text: scheduleOf,
              tone: ({ faulty, paused }) => (faulty || paused ? 'warn' : undefined),
              shrink: 1,
            },
            { title: 'ZONE', text: (row) => row.timezone ?? '', isOptional: true, drop: 2 },
            {
              title: 'LAST RUN',
              text: (row) => formatInstant(row.last_started_at, io.isUtc) || 'never',
              narrow: (row) => formatShortInstant(row.last_started_at, io.isUtc) || 'never',
            },
            {
              title: 'RESULT',
              text: (row) => row.last_status ?? '',
              isOptional: true,
              tone: (row) => toneOf(row.last_status),
            },
            {
              title: 'NEXT',
              text: (row) => formatInstant(row.next_due_at, io.isUtc),
              narrow: (row) => formatShortInstant(row.next_due_at, io.isUtc),
              isOptional: true,
              drop: 1,
            },
            {
              title: 'PAUSED',
              text: ({ paused }) => describePause(paused, io.isUtc),
              narrow: ({ paused }) => (paused ? paused.reason || `by ${paused.paused_by}` : ''),
              isOptional: true,
              tone: () => 'warn',
              shrink: 2,
            },
          ],
          empty: 'There are no jobs.',
        },
        flags,
      )
      sayFaults(io, faults)
    })
  withExamples(withListOutput(list), 'caravan jobs', 'caravan jobs --json')

  registerExplain(jobs, cli)
  withExamples(
    asSync(
      jobs.command('run').summary('Run a job now and wait for it, as "caravan sync" does'),
      cli,
      'jobs run',
    ),
    'caravan jobs run haier-products --prices --stock',
  )
  registerPauses(jobs, cli)
  registerLedger(jobs, cli)
}

function registerPauses(jobs: Command, cli: Cli): void {
  const pause = jobs
    .command('pause')
    .summary('Skip what a job is due for, in every process, at once')
    .argument('<job>', 'job id, as in "caravan jobs"')
    .option('--reason <text>', 'why, for those who see it in "caravan jobs"')
    .option('--for <duration>', 'resume it after this time, such as 2h')
    .action(async (id: string, flags: { reason?: string; for?: string; json?: boolean }) => {
      const result = await cli.withApp(async (app) => {
        const { pauseJob } = await import('../app/job-pauses.ts')
        return pauseJob(app, id, flags)
      })
      await printPause(cli, result, flags)
    })
  withExamples(withJson(pause), 'caravan jobs pause haier-products --reason "stocktaking" --for 2h')

  const resume = jobs
    .command('resume')
    .summary('Let a paused job run on its schedule again')
    .argument('<job>', 'job id, as in "caravan jobs"')
    .action(async (id: string, flags: { json?: boolean }) => {
      const result = await cli.withApp(async (app) => {
        const { resumeJob } = await import('../app/job-pauses.ts')
        return resumeJob(app, id)
      })
      await printPause(cli, result, flags)
    })
  withExamples(withJson(resume), 'caravan jobs resume haier-products')
}

async function printPause(cli: Cli, result: PausedJob, flags: { json?: boolean }): Promise<void> {
  const io = cli.io()
  const { paused, former, changed } = result
  await printRecord(
    io,
    {
      data: result,
      lines: [
        ['job', result.job],
        ['state', paused ? 'paused' : changed ? 'resumed' : 'was not paused'],
        ['by', paused ? `${paused.paused_by}, ${formatInstant(paused.paused_at, io.isUtc)}` : ''],
        ['reason', paused?.reason ?? ''],
        ['until', paused ? formatInstant(paused.until, io.isUtc) || 'somebody resumes it' : ''],
        [paused ? 'replaced' : 'lifted', describePause(former, io.isUtc)],
        ['next due', formatInstant(result.next_due_at, io.isUtc)],
      ],
    },
    flags,
  )
}

function describePause(pause: JobInfo['paused'], isUtc: boolean): string {
  if (!pause) return ''
  const until = pause.until === null ? '' : `, until ${formatInstant(pause.until, isUtc)}`
  const reason = pause.reason === '' ? '' : `: ${pause.reason}`
  return `by ${pause.paused_by} ${formatInstant(pause.paused_at, isUtc)}${reason}${until}`
}

function scheduleOf({ schedule, enabled, faulty }: JobInfo): string {
  if (faulty) return 'faulty'
  if (schedule === null) return 'by hand'
  return enabled ? schedule : `${schedule} (off)`
}
