import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { count, type OutputFlags, withExamples, withListOutput } from '../flags.ts'
import { printList } from '../output/print.ts'
import { formatInstant, formatShortInstant } from '../output/time.ts'

export function registerHistory(config: Command, cli: Cli): void {
  const history = config
    .command('history')
    .summary('List the versions of the file that were loaded, the newest first')
    .option('--limit <n>', 'how many', count, 20)
    .action(async (flags: OutputFlags & { limit: number }) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { listHistory } = await import('../../app/config-history/history.ts')
        return listHistory(app, flags.limit)
      })
      await printList(
        io,
        {
          name: 'versions',
          rows,
          columns: [
            { title: 'VERSION', text: (row) => String(row.version), isNumber: true },
            {
              title: 'LOADED',
              text: (row) => formatInstant(row.loaded_at, io.isUtc),
              narrow: (row) => formatShortInstant(row.loaded_at, io.isUtc),
            },
            { title: 'BY', text: (row) => row.by, shrink: 1 },
            { title: 'COMMAND', text: (row) => row.command, drop: 1 },
            {
              title: 'FAULTS',
              text: (row) => (row.faults > 0 ? String(row.faults) : ''),
              tone: () => 'bad',
              isNumber: true,
              isOptional: true,
            },
            { title: 'CHANGES', text: (row) => row.summary, shrink: 2 },
          ],
          empty: 'No version has been recorded yet.',
        },
        flags,
      )
    })
  withExamples(
    withListOutput(history),
    'caravan config history',
    'caravan config history --limit 5 --output jsonl',
  )
}
