import type { Command } from 'commander'
import type { Status } from '../app/answers/project.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { paintFor, toneOf } from './output/colour.ts'
import { formatSize } from './output/numbers.ts'
import { printJson } from './output/print.ts'
import { formatAge, formatInstant } from './output/time.ts'
import { describeWhy, describeWhyBriefly } from './output/why.ts'
import { sayFaults } from './say-faults.ts'

export function registerStatus(program: Command, cli: Cli): void {
  const command = program
    .command('status')
    .summary('One screen: services, jobs, size of the state')
    .action(async (flags: { json?: boolean }) => {
      const io = cli.io()
      const { status, faults } = await cli.withApp(async (app) => {
        const { readStatus } = await import('../app/status.ts')
        return { status: await readStatus(app), faults: (await app.overview()).faults }
      })
      if (flags.json) {
        printJson(io, status)
        return sayFaults(io, faults)
      }
      const { renderTable } = await import('./output/table.ts')
      const paint = await paintFor(io)
      const options = { width: io.columns, paint }
      const now = cli.clock.now()
      io.out(`${paint('strong', 'Services')}\n`)
      if (status.services.length === 0) io.out('none yet; add one with "caravan add <adapter>"\n')
      else {
        io.out(
          renderTable(
            status.services,
            [
              { title: 'SERVICE', text: (row) => row.name },
              { title: 'WISH', text: (row) => row.wish, drop: 1 },
              {
                title: 'STATE',
                text: (row) => row.state,
                tone: (row) => (row.state === 'enabled' ? 'good' : 'warn'),
              },
              {
                title: 'HEALTH',
                text: (row) => row.health,
                tone: (row) =>
                  row.health === 'failing' ? 'bad' : row.health === 'ok' ? 'good' : 'dim',
              },
              {
                title: 'BREAKER',
                text: (row) => row.breaker,
                tone: (row) => (row.breaker === 'closed' ? undefined : 'bad'),
              },
              {
                title: 'LAST SUCCESS',
                text: (row) => formatAge(row.last_success_at, now) || 'never',
                shrink: 1,
              },
              {
                title: 'WHY',
                text: (row) => describeWhy(row, io.isUtc),
                narrow: (row) => describeWhyBriefly(row, io.isUtc),
                isOptional: true,
                shrink: 2,
                least: 20,
              },
            ],
            options,
          ),
        )
      }
      io.out(`\n${paint('strong', 'Jobs')}\n`)
      io.out(
        renderTable(
          status.jobs,
          [
            { title: 'JOB', text: (row) => row.id },
            { title: 'LAST RUN', text: (row) => formatAge(row.last_started_at, now) || 'never' },
            {
              title: 'RESULT',
              text: (row) => row.last_status ?? '',
              tone: (row) => toneOf(row.last_status),
            },
            {
              title: 'NEXT',
              text: (row) =>
                row.faulty ? 'faulty' : formatInstant(row.next_due_at, io.isUtc) || 'by hand',
              shrink: 1,
            },
          ],
          options,
        ),
      )
      const queue = queueLine(status.queue)
      if (queue) io.out(`\n${paint('strong', 'Queue')}\n${queue}\n`)
      io.out(`\n${paint('strong', 'State')}\n`)
      for (const { file, bytes } of status.files) io.out(`${file}  ${formatSize(bytes)}\n`)
      const total = status.files.reduce((sum, { bytes }) => sum + bytes, 0)
      io.out(`together ${formatSize(total)} of at most ${formatSize(status.max_size)}\n`)
      sayFaults(io, faults)
    })
  withExamples(withJson(command), 'caravan status', 'caravan status --json')
}

/** Empty when nothing waits and nothing needs a person. */
function queueLine({ waiting, sending, dead, unknown }: Status['queue']): string {
  const parts = [
    waiting > 0 ? `${waiting} waiting` : '',
    sending > 0 ? `${sending} being sent` : '',
    dead > 0 ? `${dead} dead: caravan queue --dead` : '',
    unknown > 0 ? `${unknown} unknown: caravan queue list --status unknown` : '',
  ]
  return parts.filter(Boolean).join(', ')
}
