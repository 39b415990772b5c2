import { type Command, Option } from 'commander'
import type { CancelledRun, RunDetails, RunInfo } from '../app/answers/runs.ts'
import type { Cli } from './cli.ts'
import { count, type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import { formatCount } from './output/numbers.ts'
import { printList, printRecord } from './output/print.ts'
import { formatDuration, formatInstant, formatShortInstant, shortId } from './output/time.ts'
import { toneOf } from './output/colour.ts'

type RunsFlags = OutputFlags & { job?: string; status?: RunInfo['status']; limit: number }

export function registerRuns(program: Command, cli: Cli): void {
  const runs = program.command('runs').summary('Look at past and present runs')

  const list = runs
    .command('list', { isDefault: true })
    .summary('List runs, the newest first')
    .option('--job <job>', 'only runs of this job')
    .addOption(
      new Option('--status <status>', 'only runs that stand so').choices([
        'running',
        'success',
        'partial',
        'failed',
        'interrupted',
        'guarded',
      ] satisfies RunInfo['status'][]),
    )
    .option('--limit <n>', 'how many', count, 20)
    .action(async (flags: RunsFlags) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { listRecentRuns } = await import('../app/runs.ts')
        return listRecentRuns(app, flags)
      })
      await printList(
        io,
        {
          name: 'runs',
          rows,
          columns: [
            { title: 'RUN', text: (row) => row.id, narrow: (row) => shortId(row.id) },
            { title: 'JOB', text: (row) => row.job },
            {
              title: 'STATUS',
              text: (row) => (row.trigger === 'dry-run' ? `${row.status}, dry` : row.status),
              tone: (row) => toneOf(row.status),
            },
            {
              title: 'STARTED',
              text: (row) => formatInstant(row.started_at, io.isUtc),
              narrow: (row) => formatShortInstant(row.started_at, io.isUtc),
            },
            {
              title: 'TOOK',
              drop: 3,
              text: (row) => (row.duration_ms === null ? '' : formatDuration(row.duration_ms)),
              isNumber: true,
            },
            { title: 'CHANGED', text: (row) => formatCount(row.changed), isNumber: true, drop: 1 },
            { title: 'FAILED', text: (row) => formatCount(row.failed), isNumber: true },
            {
              title: 'ERROR',
              text: (row) => row.error ?? '',
              isOptional: true,
              shrink: 1,
              drop: 2,
            },
          ],
          empty: 'There are no runs yet.',
        },
        flags,
      )
    })
  withExamples(withListOutput(list), 'caravan runs', 'caravan runs --job haier-products --json')

  const show = runs
    .command('show')
    .summary('Show one run: counters, error, failed items')
    .argument('<run>', 'id of the run, or its beginning')
    .action(async (id: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const run = await cli.withApp(async (app) => {
        const { showRun } = await import('../app/runs.ts')
        return showRun(app, id)
      })
      const counters = Object.entries(run.counters).map(
        ([name, value]) => `${name} ${formatCount(value)}`,
      )
      await printRecord(
        io,
        {
          data: run,
          lines: [
            ['run', run.id],
            ['job', run.job],
            ['status', run.status],
            ['dry run', run.trigger === 'dry-run' ? 'yes: nothing was written' : ''],
            ['started', formatInstant(run.started_at, io.isUtc)],
            ['ended', formatInstant(run.finished_at, io.isUtc)],
            ['started by', [run.trigger, run.started_by].filter(Boolean).join(', ')],
            ['due', formatInstant(run.due_at, io.isUtc)],
            ['options', optionLines(run.options).join('\n')],
            ['counters', counters.join(', ')],
            ['error', run.error ?? ''],
            ['cancelled', cancelLine(run, io.isUtc)],
            ['continues', run.resumed_from ?? ''],
            ['failed items', run.failures.map(({ key, reason }) => `${key}: ${reason}`).join('\n')],
            ['by table', Object.entries(run.entities).map(entityLine).join('\n')],
            ['findings', findingLines(run).join('\n')],
          ],
        },
        flags,
      )
    })
  withExamples(withJson(show), 'caravan runs show 01JHB2V7')
  registerCancel(runs, cli)
}

function registerCancel(runs: Command, cli: Cli): void {
  const cancel = runs
    .command('cancel')
    .summary('Stop a run at its next checkpoint, whichever process runs it')
    .argument('<run>', 'id of the run, or its beginning')
    .option('--reason <text>', 'why, for those who look at the run')
    .action(async (id: string, flags: { reason?: string; json?: boolean }) => {
      const io = cli.io()
      const result = await cli.withApp(async (app) => {
        const { cancelRunNamed } = await import('../app/runs.ts')
        return cancelRunNamed(app, id, flags)
      })
      await printRecord(
        io,
        {
          data: result,
          lines: [
            ['run', result.run],
            ['job', result.job],
            ['status', cancelWords(result)],
            [
              'cancelled by',
              result.cancelled_by === null
                ? ''
                : `${result.cancelled_by}, ${formatInstant(result.cancelled_at, io.isUtc)}`,
            ],
            ['reason', result.reason ?? ''],
          ],
        },
        flags,
      )
    })
  withExamples(withJson(cancel), 'caravan runs cancel 01JHB2V7 --reason "wrong prices"')
}

function cancelWords({ status, changed, host, pid }: CancelledRun): string {
  const process = `process ${pid} on ${host}`
  if (status !== 'running') return `${status}: its ${process} was gone already`
  return changed
    ? `stops at its next checkpoint (${process})`
    : `was cancelled before and has not stopped yet (${process})`
}

const cancelLine = ({ cancelled }: RunDetails, isUtc: boolean): string =>
  cancelled
    ? `by ${cancelled.by}, ${formatInstant(cancelled.at, isUtc)}${cancelled.reason && `: ${cancelled.reason}`}`
    : ''

const shownFindings = 20

const optionLines = (options: unknown): string[] =>
  Object.entries(options ?? {}).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(', ') : value
    return `${name}: ${typeof text === 'string' ? text : JSON.stringify(text)}`
  })

const entityLine = ([table, counts]: [string, RunDetails['entities'][string]]): string => {
  const told = Object.entries(counts).filter(([, amount]) => amount > 0)
  return `${table}: ${told.map(([name, amount]) => `${name} ${formatCount(amount)}`).join(', ')}`
}

function findingLines({ findings, finding_totals }: RunDetails): string[] {
  const lines = findings.slice(0, shownFindings).map(({ text }) => text)
  const total = Object.values(finding_totals).reduce((sum, amount) => sum + amount, 0)
  return total > lines.length
    ? [...lines, `… ${formatCount(total)} in all; --json shows every one that was kept`]
    : lines
}
