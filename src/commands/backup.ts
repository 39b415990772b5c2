import type { Command } from 'commander'
import type { BackupReport, CopyProgress, RestorePlan, RestoreReport } from '../app/backup.ts'
import type { Rehearsal } from '../app/rehearse.ts'
import { CaravanError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { formatCount, formatSize } from './output/numbers.ts'
import { printJson, printRecord, say } from './output/print.ts'
import { showProgress } from './output/progress.ts'
import { consent } from './output/prompt.ts'
import { formatInstant } from './output/time.ts'

type BackupFlags = { rehearse?: boolean; json?: boolean }

export function registerBackup(program: Command, cli: Cli): void {
  const backup = program
    .command('backup')
    .summary('Copy the state to a file, while it is in use, and check the copy')
    .argument('[file]', 'where to; nothing may lie there')
    .option('--rehearse', 'restore the backup <file>, or one made for it, aside, and try it out')
    .action((file: string | undefined, flags: BackupFlags) =>
      flags.rehearse ? runRehearsal(cli, file, flags) : runBackup(cli, file, flags),
    )
  withExamples(
    withJson(backup),
    'caravan backup /var/backups/caravan-2026-11-21.db',
    'caravan backup --rehearse',
    'caravan backup --rehearse /var/backups/caravan-2026-11-21.db',
  )

  const restore = program
    .command('restore')
    .summary('Put a backup in the place of the state')
    .argument('<file>', 'the backup')
    .option('--yes', 'replace the state without asking')
    .action((file: string, flags: { yes?: boolean; json?: boolean }) =>
      runRestore(cli, file, flags),
    )
  withExamples(withJson(restore), 'caravan restore /var/backups/caravan-2026-11-21.db --yes')
}

async function runBackup(cli: Cli, file: string | undefined, flags: BackupFlags): Promise<void> {
  if (!file) {
    throw new CaravanError({
      code: 'value_missing',
      message: 'the file to write the backup to was not given',
      hint: 'Name it, as in "caravan backup /var/backups/caravan.db"; only --rehearse goes without.',
    })
  }
  const io = cli.io()
  const report = await withBar(cli, 'backup', (onProgress) =>
    cli.withApp(async (app) => {
      const { makeBackup } = await import('../app/backup.ts')
      return makeBackup(app, file, onProgress)
    }),
  )
  const lines: [string, string][] = [
    ['backup', report.file],
    ['size', `${formatSize(report.bytes)}, checked`],
    ['sha256', report.sha256],
    ['installation', report.instance],
    ['rows', rowsText(report.rows)],
    ['needs the key', keysText(report.keys)],
  ]
  await printRecord(io, { data: report, lines }, flags)
  if (report.keys.length > 0) say(io, 'The key is not in it. Keep the key apart from the backup.')
}

async function runRehearsal(cli: Cli, file: string | undefined, flags: BackupFlags): Promise<void> {
  const io = cli.io()
  const report: Rehearsal = await withBar(cli, 'backup', (onProgress) =>
    cli.withApp(async (app) => {
      const { rehearse } = await import('../app/rehearse.ts')
      return rehearse(app, file, onProgress)
    }),
  )
  if (!report.passed) cli.exit('failed')
  if (flags.json) return printJson(io, report)
  const lines = report.checks.map(({ check, passed, detail }): [string, string] => [
    check,
    passed ? `ok: ${detail}` : `failed: ${detail}`,
  ])
  await printRecord(io, { data: report, lines }, flags)
  say(io, report.passed ? 'This backup can be restored here.' : 'This backup did not pass.')
}

async function runRestore(
  cli: Cli,
  file: string,
  flags: { yes?: boolean; json?: boolean },
): Promise<void> {
  const io = cli.io()
  const report = await cli.withApp(async (app) => {
    const { planRestore, restoreBackup } = await import('../app/backup.ts')
    const plan = await planRestore(app, file)
    const discard = () => plan.draft.discard()
    process.once('exit', discard) // a second signal ends the process at the prompt
    try {
      const made = plan.made_at ? `made ${formatInstant(plan.made_at, io.isUtc)}` : 'a copy'
      say(io, `${file}: ${made}, installation ${plan.instance}, ${rowsText(plan.rows)}`)
      if (plan.keys.length > 0) say(io, `Its secrets need the key: ${keysText(plan.keys)}`)
      const word = keyWords[plan.key]
      if (word) say(io, word)
      await consent(io, questionFor(plan, file), flags.yes, '--yes')
      cli.signal.throwIfAborted()
      return await restoreBackup(plan)
    } finally {
      process.removeListener('exit', discard)
      discard()
    }
  })
  await printRecord(io, { data: report, lines: restoredLines(report) }, flags)
}

const keyWords: Partial<Record<RestoreReport['key'], string>> = {
  wrong: 'The key found here does not open them. Bring the key that belongs to the backup.',
  missing: 'No key that opens them was found here. Bring the key that belongs to the backup.',
}

function questionFor({ path, instance, instanceNow }: RestorePlan, file: string): string {
  if (instanceNow === null || instanceNow === instance) {
    return `Replace ${path} by ${file}, with nothing of caravan running?`
  }
  return `${path} is the state of installation ${instanceNow}, and ${file} comes from another, ${instance}. Replace the state by that of the other installation?`
}

const restoredLines = (report: RestoreReport): [string, string][] => [
  ['state', report.file],
  ['size', `${formatSize(report.bytes)}, checked`],
  ['installation', report.instance],
  ['former state', report.former_state ?? ''],
]

/** The largest tables by name, and the rest as a sum. */
function rowsText(rows: BackupReport['rows']): string {
  const tables = Object.entries(rows).toSorted(([, a], [, b]) => b - a)
  const named = tables.slice(0, 4).map(([name, count]) => `${formatCount(count)} ${name}`)
  const rest = tables.slice(4).reduce((sum, [, count]) => sum + count, 0)
  if (rest > 0) named.push(`${formatCount(rest)} others`)
  return named.map((text) => text.replaceAll('_', ' ')).join(', ') || 'no rows'
}

const keysText = (keys: BackupReport['keys']): string =>
  keys.map(({ id, label }) => (label ? `${label} (${id})` : id)).join(', or ')

async function withBar<T>(
  cli: Cli,
  title: string,
  work: (onProgress: (progress: CopyProgress) => void) => Promise<T>,
): Promise<T> {
  const view = showProgress(cli.io(), cli.clock, title)
  try {
    return await work(({ doneBytes, totalBytes }) =>
      view.update({ done: inMb(doneBytes), total: inMb(totalBytes), unit: 'MB' }),
    )
  } finally {
    view.end()
  }
}

const inMb = (bytes: number): number => Math.ceil(bytes / 1_000_000)
