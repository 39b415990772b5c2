import type { Command } from 'commander'
import type { TestResult } from '../app/test.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import type { Io } from './output/io.ts'
import { formatOf, printList } from './output/print.ts'
import { formatDuration } from './output/time.ts'

export function registerTest(program: Command, cli: Cli): void {
  const command = program
    .command('test')
    .summary('Test the connection of services; changes nothing')
    .argument('[service...]', 'names of services')
    .option('--all', 'every enabled service')
    .action(async (names: string[], flags: OutputFlags & { all?: boolean }) => {
      const io = cli.io()
      const results = await cli.withApp(async (app) => {
        const { testServices } = await import('../app/test.ts')
        return testServices(app, flags.all ? 'all' : names)
      })
      const failed = results.filter((result) => !result.ok)
      if (failed[0]) cli.exit(failed[0].exit)
      await printList(
        io,
        {
          name: 'results',
          rows: results,
          columns: [
            { title: 'SERVICE', text: (row) => row.service },
            {
              title: 'RESULT',
              text: (row) => (row.ok ? 'ok' : 'failed'),
              tone: (row) => (row.ok ? 'good' : 'bad'),
            },
            { title: 'TOOK', text: (row) => formatDuration(row.duration_ms), isNumber: true },
            { title: 'WHAT', text: (row) => row.detail.split('\n', 1)[0] ?? '', shrink: 1 },
          ],
          empty: 'There is no enabled service to test.',
        },
        flags,
      )
      if (formatOf(flags) === 'table') for (const result of failed) sayFailure(io, result)
    })
  withExamples(withListOutput(command), 'caravan test haier', 'caravan test --all --json')
}

/** In whole, for the table may have cut it. */
function sayFailure(io: Io, { service, detail, hint, call }: TestResult): void {
  const lines = detail.split('\n').join('\n  ')
  io.err(`✗ ${service}: ${lines}\n`)
  if (hint) io.err(`  ${hint}\n`)
  if (call) io.err(`  More: caravan logs show ${call}\n`)
}
