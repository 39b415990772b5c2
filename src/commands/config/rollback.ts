import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples, withJson } from '../flags.ts'
import { paintFor } from '../output/colour.ts'
import { printRecord, say } from '../output/print.ts'
import { consent } from '../output/prompt.ts'
import { butFor, renderDiff } from './diff.ts'

export function registerRollback(config: Command, cli: Cli): void {
  const rollback = config
    .command('rollback')
    .summary('Put an earlier version of the file back, after showing what would change')
    .argument('<version>', 'number, as in "caravan config history"')
    .option('--yes', 'do it without asking')
    .action(async (version: string, flags: { yes?: boolean; json?: boolean }) => {
      const io = cli.io()
      const paint = await paintFor({ isColoured: io.isErrColoured })
      const result = await cli.withApp(async (app) => {
        const { planRollback, rollBack } = await import('../../app/config-history/rollback.ts')
        const plan = await planRollback(app, version)
        for (const note of plan.notes) say(io, note)
        if (plan.differs) {
          const { shorten } = await import('../output/table.ts')
          const fit = (line: string) => shorten(line, io.errColumns)
          say(io, renderDiff(plan, paint, fit).trimEnd())
          await consent(io, `Put version ${plan.version} back?`, flags.yes, '--yes')
        }
        return rollBack(app, plan)
      })
      if (result.not_compared.length > 0) {
        const what = result.changed ? 'Everything was put back' : 'The file is the same'
        say(io, `${what}${butFor(result)}.`)
      }
      await printRecord(
        io,
        {
          data: result,
          lines: [
            ['config', result.file],
            [
              'result',
              result.changed
                ? `version ${result.version} is back`
                : `the file is version ${result.version} already`,
            ],
            ['former', result.former ?? ''],
            ['recorded as', result.recorded_as === null ? '' : `version ${result.recorded_as}`],
          ],
        },
        flags,
      )
    })
  withExamples(withJson(rollback), 'caravan config rollback 1 --yes')
}
