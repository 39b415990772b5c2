import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { showProgress } from './output/progress.ts'
import { printReport } from './output/report.ts'
import { parseSchemaFlags, schemaHelp, withSchemaFlags } from './schema-flags.ts'

type SyncFlags = {
  dryRun?: boolean
  fromStart?: boolean
  retryFailed?: string
  json?: boolean
  help?: boolean
}

export function registerSync(program: Command, cli: Cli): void {
  const command = program
    .command('sync')
    .summary('Run one sync now and wait for it')
    .argument('[job]', 'job id, as in "caravan jobs"')
    .option('--dry-run', 'do everything but write, and show what would change')
    .option('--from-start', 'forget the checkpoint and read everything again')
    .option('--retry-failed <run>', 'take only the items that failed in an earlier run')
  command.action(async (id: string | undefined, flags: SyncFlags) => {
    const { formOfJob } = await import('../app/forms.ts')
    if (flags.help || id === undefined) {
      cli
        .io()
        .out(
          id === undefined
            ? command.helpInformation()
            : schemaHelp(command, `Flags of ${id}`, await formOfJob(id)),
        )
      if (id === undefined && !flags.help) cli.exit('usage')
      return
    }
    const options = parseSchemaFlags(await formOfJob(id), command.args.slice(1))
    const io = cli.io()
    const view = showProgress(io, cli.clock, id)
    const { report, error } = await cli
      .withApp(async (app) => {
        const { runJob } = await import('../app/run.ts')
        return runJob(app, id, { ...flags, options, onProgress: view.update })
      })
      .finally(() => view.end())
    await printReport(io, report, flags)
    cli.exit(report.exit)
    if (error !== undefined) throw error
  })
  withExamples(
    withJson(withSchemaFlags(command)),
    'caravan sync haier-products --prices --stock',
    'caravan sync haier-products --codes GA0SZC00U,CEABL9000 --dry-run',
    'caravan sync haier-products --help',
  )
}
