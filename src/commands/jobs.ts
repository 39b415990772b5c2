import type { Command } from 'commander'
import type { JobInfo } from '../app/answers/jobs.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { toneOf } from './output/colour.ts'
import { printList } from './output/print.ts'
import { formatInstant, formatShortInstant } from './output/time.ts'
import { sayFaults } from './say-faults.ts'

export function registerJobs(program: Command, cli: Cli): void {
  const command = program
    .command('jobs')
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
            { title: 'TITLE', text: (row) => row.title, shrink: 3, drop: 2 },
            {
              title: 'SCHEDULE',
              text: scheduleOf,
              tone: ({ faulty }) => (faulty ? 'warn' : undefined),
              shrink: 1,
            },
            { title: 'ZONE', text: (row) => row.timezone ?? '', isOptional: true, drop: 1 },
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
            },
          ],
          empty: 'There are no jobs.',
        },
        flags,
      )
      sayFaults(io, faults)
    })
  withExamples(withListOutput(command), 'caravan jobs', 'caravan jobs --json')
}

function scheduleOf({ schedule, enabled, faulty }: JobInfo): string {
  if (faulty) return 'faulty'
  if (schedule === null) return 'by hand'
  return enabled ? schedule : `${schedule} (off)`
}
