import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { printList } from './output/print.ts'

export function registerAdapters(program: Command, cli: Cli): void {
  const command = program
    .command('adapters')
    .summary('List the vendors that can be added')
    .action(async (flags: OutputFlags) => {
      const { listAdapters } = await import('../app/adapters.ts')
      await printList(
        cli.io(),
        {
          name: 'adapters',
          rows: await listAdapters(),
          columns: [
            { title: 'ADAPTER', text: (row) => row.id },
            { title: 'KIND', text: (row) => row.kind },
            { title: 'TITLE', text: (row) => row.title },
            { title: 'DOCS', text: (row) => row.docs, shrink: 2 },
          ],
          empty: 'There are no adapters.',
        },
        flags,
      )
    })
  withExamples(withListOutput(command), 'caravan adapters', 'caravan adapters --json')
}
