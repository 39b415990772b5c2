import { type Command, Option } from 'commander'
import type { OccurrenceInfo } from '../app/answers/jobs.ts'
import type { LedgerQuery } from '../app/ledger.ts'
import type { Cli } from './cli.ts'
import { count, type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { toneOf } from './output/colour.ts'
import { formatCount } from './output/numbers.ts'
import { printList } from './output/print.ts'
import { formatInstant, formatShortInstant, shortId } from './output/time.ts'

type Flags = OutputFlags & LedgerQuery

const statuses: OccurrenceInfo['status'][] = [
  'waiting',
  'running',
  'success',
  'partial',
  'failed',
  'interrupted',
  'guarded',
  'skipped',
]

export function registerLedger(jobs: Command, cli: Cli): void {
  const missed = jobs
    .command('missed')
    .summary('List what was due and did not run, and why')
    .option('--job <job>', 'only of this job')
    .option('--since <when>', 'due from this time on: 2h, 3d, or 2026-11-21T08:00')
    .option('--limit <n>', 'how many', count, 50)
    .action((flags: Flags) => printLedger(cli, { ...flags, status: 'skipped' }))
  withExamples(withListOutput(missed), 'caravan jobs missed --since 7d')

  const ledger = jobs
    .command('ledger')
    .summary('List every occurrence of the schedules with what became of it')
    .option('--job <job>', 'only of this job')
    .option('--since <when>', 'due from this time on: 2h, 3d, or 2026-11-21T08:00')
    .addOption(new Option('--status <status>', 'only those that stand so').choices(statuses))
    .option('--limit <n>', 'how many', count, 50)
    .action((flags: Flags) => printLedger(cli, flags))
  withExamples(
    withListOutput(ledger),
    'caravan jobs ledger --job haier-products --since 7d',
    'caravan jobs ledger --status failed --json',
  )
}

async function printLedger(cli: Cli, flags: Flags): Promise<void> {
  const io = cli.io()
  const rows = await cli.withApp(async (app) => {
    const { listLedger } = await import('../app/ledger.ts')
    return listLedger(app, flags)
  })
  await printList(
    io,
    {
      name: 'occurrences',
      rows,
      columns: [
        {
          title: 'DUE',
          text: (row) => formatInstant(row.due_at, io.isUtc),
          narrow: (row) => formatShortInstant(row.due_at, io.isUtc),
        },
        { title: 'JOB', text: (row) => row.job },
        {
          title: 'STATUS',
          text: (row) => (row.reason === null ? row.status : `${row.status}, ${row.reason}`),
          tone: (row) => (row.status === 'skipped' ? 'warn' : toneOf(row.status)),
        },
        { title: 'COUNT', text: countOf, isNumber: true, isOptional: true, drop: 2 },
        {
          title: 'LAST DUE',
          text: (row) => formatInstant(row.last_due_at, io.isUtc),
          narrow: (row) => formatShortInstant(row.last_due_at, io.isUtc),
          isOptional: true,
          drop: 3,
        },
        {
          title: 'RUN',
          text: (row) => row.run ?? '',
          narrow: (row) => shortId(row.run ?? ''),
          isOptional: true,
          drop: 1,
        },
        { title: 'NOTE', text: (row) => row.note ?? '', isOptional: true, shrink: 1, least: 20 },
      ],
      empty: flags.status === 'skipped' ? 'Nothing was missed.' : 'Nothing was due yet.',
    },
    flags,
  )
}

/** Said where a row stands for several. */
const countOf = ({ count: several, last_due_at }: OccurrenceInfo): string =>
  last_due_at === null ? '' : several === 0 ? 'being counted' : formatCount(several)
