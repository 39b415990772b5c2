import type { Command } from 'commander'
import { counted } from '../../core/words.ts'
import type { Cli } from '../cli.ts'
import { withExamples, withJson } from '../flags.ts'
import { printRecord } from '../output/print.ts'

export function registerCheck(config: Command, cli: Cli): void {
  const check = config
    .command('check')
    .summary('Check the whole file and show every fault')
    .action(async (flags: { json?: boolean }) => {
      const { text, remarksText, ...result } = await cli.withApp(async (app) => {
        const { checkConfig } = await import('../../app/config.ts')
        return checkConfig(app)
      })
      const faults = result.faults.length
      await printRecord(
        cli.io(),
        {
          data: result,
          lines: [
            ['config', result.file],
            ['services', String(result.services)],
            ['jobs', String(result.jobs)],
            ['result', faults === 0 ? 'no faults' : counted(faults, 'fault')],
            ['faults', text],
            ['remarks', remarksText],
          ],
        },
        flags,
      )
      if (faults > 0) cli.exit('config')
    })
  withExamples(
    withJson(check),
    'caravan config check',
    'caravan --config /etc/caravan/integrations.yaml config check',
  )
}
