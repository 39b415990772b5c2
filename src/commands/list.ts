import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { printList } from './output/print.ts'
import { describeWhy, describeWhyBriefly } from './output/why.ts'
import { sayFaults } from './say-faults.ts'

export function registerList(program: Command, cli: Cli): void {
  const command = program
    .command('list')
    .summary('List the services')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const { services, faults } = await cli.withApp(async (app) => {
        const { listServices } = await import('../app/list-services.ts')
        return listServices(app)
      })
      await printList(
        io,
        {
          name: 'services',
          rows: services,
          columns: [
            { title: 'SERVICE', text: (row) => row.name, tone: () => 'strong' },
            { title: 'ADAPTER', text: (row) => row.adapter },
            { title: 'KIND', text: (row) => row.kind, drop: 1 },
            { title: 'PRIORITY', text: (row) => String(row.priority), isNumber: true, drop: 2 },
            {
              title: 'WISH',
              text: (row) => row.wish,
              tone: (row) => (row.wish === 'enabled' ? undefined : 'dim'),
            },
            {
              title: 'STATE',
              text: (row) => row.state,
              tone: (row) => (row.state === 'enabled' ? 'good' : 'warn'),
            },
            {
              title: 'WHY',
              text: (row) => describeWhy(row, io.isUtc),
              narrow: (row) => describeWhyBriefly(row, io.isUtc),
              isOptional: true,
              shrink: 1,
              least: 32,
            },
          ],
          empty: 'There are no services yet. Add one with "caravan add <adapter>".',
        },
        flags,
      )
      sayFaults(io, faults)
    })
  withExamples(withListOutput(command), 'caravan list', 'caravan list --output csv')
}
