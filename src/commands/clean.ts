import type { Command } from 'commander'
import type { CleanReport } from '../app/retention.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { formatCount, formatSize } from './output/numbers.ts'
import { printRecord, say } from './output/print.ts'

export function registerClean(program: Command, cli: Cli): void {
  const command = program
    .command('clean')
    .summary('Remove calls and runs that "retention" no longer keeps, and give their space back')
    .option('--dry-run', 'say what would go, and remove nothing')
    .action(async (flags: { dryRun?: boolean; json?: boolean }) => {
      const io = cli.io()
      const report = await cli.withApp(async (app) => {
        const { clean } = await import('../app/retention.ts')
        return clean(app, { isDryRun: flags.dryRun, givesAllBack: true })
      })
      await printRecord(io, { data: report, lines: linesOf(report) }, flags)
      if (report.state_too_large) say(io, tooLarge)
      if (!report.is_complete) say(io, heldUp)
    })
  withExamples(withJson(command), 'caravan clean --dry-run', 'caravan clean')
}

const tooLarge =
  'The state alone takes more than nine tenths of retention.max_size. Its catalogue is never deleted: raise max_size.'
const heldUp =
  'Not all is done: another process has been reading the call log for long. Run "caravan clean" again later.'

function linesOf(report: CleanReport): [string, string][] {
  const verb = report.dry_run ? 'would go' : 'removed'
  const gone = Object.entries(report.rows)
    .filter(([, count]) => count > 0)
    .map(([table, count]) => `${formatCount(count)} ${table.replaceAll('_', ' ')}`)
  const about = report.dry_run ? 'about ' : ''
  return [
    [verb, gone.join(', ') || 'nothing'],
    ['freed', `${about}${formatSize(report.bytes_freed)}`],
    ['size', `${formatSize(report.bytes_after)} of at most ${formatSize(report.limit)}`],
  ]
}
