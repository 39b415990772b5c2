import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { printList } from './output/print.ts'
import { formatInstant } from './output/time.ts'

export function registerJobs(program: Command, cli: Cli): void {
  const command = program
    .command('jobs')
    .summary('List the jobs with their schedule, last and next run')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { listJobs } = await import('../app/jobs.ts')
        return listJobs(app)
      })
      await printList(
        io,
        {
          name: 'jobs',
          rows,
          columns: [
            { title: 'JOB', text: (row) => row.id },
            { title: 'TITLE', text: (row) => row.title, shrink: 3 },
            { title: 'SCHEDULE', text: (row) => row.schedule ?? 'by hand' },
            { title: 'ZONE', text: (row) => row.timezone ?? '', shrink: 2 },
            {
              title: 'LAST RUN',
              text: (row) => formatInstant(row.last_started_at, io.isUtc),
              shrink: 1,
            },
            {
              title: 'RESULT',
              text: (row) => row.last_status ?? '',
              tone: (row) => (row.last_status === 'success' ? 'good' : 'warn'),
            },
            { title: 'NEXT', text: (row) => formatInstant(row.next_due_at, io.isUtc) },
          ],
          empty: 'There are no jobs.',
        },
        flags,
      )
    })
  withExamples(withListOutput(command), 'caravan jobs', 'caravan jobs --json')
}
