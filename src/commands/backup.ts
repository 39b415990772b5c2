import type { Command } from 'commander'
import type { BackupReport } from '../app/backup.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { formatSize } from './output/numbers.ts'
import { printRecord } from './output/print.ts'
import { consent } from './output/prompt.ts'

export function registerBackup(program: Command, cli: Cli): void {
  const backup = program
    .command('backup')
    .summary('Copy the state to a file, while it is in use, and check the copy')
    .argument('<file>', 'where to; nothing may lie there')
    .action(async (file: string, flags: { json?: boolean }) => {
      const report = await cli.withApp(async (app) => {
        const { makeBackup } = await import('../app/backup.ts')
        return makeBackup(app, file)
      })
      await printBackup(cli, 'backup', report, flags)
    })
  withExamples(withJson(backup), 'caravan backup /var/backups/caravan-2026-11-21.db')

  const restore = program
    .command('restore')
    .summary('Put a backup in the place of the state')
    .argument('<file>', 'the backup')
    .option('--yes', 'nothing of caravan is running; do it without asking')
    .action(async (file: string, flags: { yes?: boolean; json?: boolean }) => {
      const io = cli.io()
      const report = await cli.withApp(async (app) => {
        const path = await app.statePath()
        const question = `Replace ${path} by ${file}, with nothing of caravan running?`
        await consent(io, question, flags.yes, '--yes')
        const { restoreBackup } = await import('../app/backup.ts')
        return restoreBackup(app, file)
      })
      await printBackup(cli, 'state', report, flags)
    })
  withExamples(withJson(restore), 'caravan restore /var/backups/caravan-2026-11-21.db --yes')
}

async function printBackup(
  cli: Cli,
  name: string,
  report: BackupReport,
  flags: { json?: boolean },
): Promise<void> {
  const size = `${formatSize(report.bytes)}, checked`
  const lines = [
    [name, report.file],
    ['size', size],
    ['installation', report.instance],
  ] as const
  await printRecord(cli.io(), { data: report, lines }, flags)
}
