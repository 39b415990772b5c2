import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { printRecord } from './output/print.ts'

export function registerInit(program: Command, cli: Cli): void {
  const command = program
    .command('init')
    .summary('Make a config file, a key and an empty state')
    .description(
      'Makes what a project needs, in a folder: integrations.yaml, caravan.key and caravan.db.',
    )
    .argument('[folder]', 'where to make them', '.')
    .action(async (folder: string, flags: { json?: boolean }) => {
      const { initProject } = await import('../app/init.ts')
      const made = await initProject(folder, { env: process.env, clock: cli.clock })
      await printRecord(
        cli.io(),
        {
          data: made,
          lines: [
            ['config', made.config],
            ['key', made.key],
            ['state', made.state],
            ['next', 'caravan add <adapter>   (caravan adapters lists them)'],
          ],
        },
        flags,
      )
    })
  withExamples(withJson(command), 'caravan init', 'caravan init /etc/caravan')
}
