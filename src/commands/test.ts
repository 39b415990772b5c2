import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { printList } from './output/print.ts'
import { formatDuration } from './output/time.ts'

export function registerTest(program: Command, cli: Cli): void {
  const command = program
    .command('test')
    .summary('Test the connection of services; changes nothing')
    .argument('[service...]', 'names of services')
    .option('--all', 'every enabled service')
    .action(async (names: string[], flags: OutputFlags & { all?: boolean }) => {
      const results = await cli.withApp(async (app) => {
        const { testServices } = await import('../app/test.ts')
        return testServices(app, flags.all ? 'all' : names)
      })
      await printList(
        cli.io(),
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
            { title: 'WHAT', text: (row) => row.detail },
            { title: 'WHAT TO DO', text: (row) => row.hint ?? '', shrink: 1 },
          ],
          empty: 'There is no enabled service to test.',
        },
        flags,
      )
      const worst = results.find((result) => !result.ok)
      if (worst) cli.exit(worst.exit)
    })
  withExamples(withListOutput(command), 'caravan test haier', 'caravan test --all --json')
}
