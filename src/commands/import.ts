import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { showProgress } from './output/progress.ts'
import { printReport } from './output/report.ts'

type ImportFlags = { dryRun?: boolean; acceptShrink?: boolean; source?: string; json?: boolean }

const jobId = '1c-catalog'

export function registerImport(program: Command, cli: Cli): void {
  const parent = program.command('import').summary('Read exchange files into the state')
  const command = parent
    .command('1c')
    .summary('Import CommerceML files of 1C: catalogue, offers, prices, stock, customers, statuses')
    .argument('<path...>', 'files, folders and zip archives; together they are one exchange')
    .option('--dry-run', 'do everything but write, and show what would change')
    .option('--accept-shrink', 'mark what a full catalogue lacks, however much it is')
    .option('--source <name>', 'name under which the records are kept (default: 1c)')
    .action(async (paths: string[], flags: ImportFlags) => {
      const io = cli.io()
      const { requirePaths } = await import('../app/require-paths.ts')
      await requirePaths(paths)
      const view = showProgress(io, cli.clock, 'import 1c')
      const options = {
        paths,
        ...(flags.source && { source: flags.source }),
        ...(flags.acceptShrink && { accept_shrink: true }),
      }
      const { report, error } = await cli
        .withApp(async (app) => {
          const { runJob } = await import('../app/run.ts')
          const { dryRun } = flags
          return runJob(app, jobId, { dryRun, fromStart: true, options, onProgress: view.update })
        })
        .finally(() => view.end())
      cli.exit(report.exit)
      await printReport(io, report, flags)
      if (error !== undefined) throw error
    })
  withExamples(
    withJson(command),
    'caravan import 1c webdata/',
    'caravan import 1c import.xml offers.xml --dry-run',
  )
}
