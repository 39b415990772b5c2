import type { RunReport } from '../../app/run.ts'
import { paintFor } from './colour.ts'
import type { Io } from './io.ts'
import { formatCount } from './numbers.ts'
import { printJson, say } from './print.ts'
import { formatDuration } from './time.ts'

const shownChanges = 20
const shownFailures = 10

/** What a run did: a table of counters, then what a person has to look at. */
export async function printReport(
  io: Io,
  report: RunReport,
  flags: { json?: boolean },
): Promise<void> {
  if (flags.json) return printJson(io, report)
  const { renderTable } = await import('./table.ts')
  const paint = await paintFor(io)
  const options = { width: io.columns, paint }
  const tone = report.status === 'success' ? 'good' : report.status === 'failed' ? 'bad' : 'warn'
  const verb = report.dry_run ? 'Dry run, nothing was written: ' : ''
  say(io, `${verb}run ${report.run} ${report.status}, ${formatDuration(report.duration_ms)}`)
  const shown = Object.entries(report.counters).map(([name, value]) => ({ name, value }))
  io.out(
    renderTable(
      shown,
      [
        {
          title: 'COUNTER',
          text: (row) => row.name,
          tone: (row) => (row.name === 'failed' && row.value > 0 ? 'bad' : undefined),
        },
        { title: 'ITEMS', text: (row) => formatCount(row.value), isNumber: true },
      ],
      options,
    ),
  )
  printChanges(io, report)
  if (report.failures.length > 0) {
    io.out(`\n${paint(tone, `Failed (${formatCount(report.counters.failed)})`)}\n`)
    io.out(
      renderTable(
        report.failures.slice(0, shownFailures),
        [
          { title: 'ITEM', text: (row) => row.key },
          { title: 'REASON', text: (row) => row.reason, shrink: 1 },
        ],
        options,
      ),
    )
    say(io, `All of them: caravan runs show ${report.run}`)
    say(io, `Try them again: caravan sync ${report.job} --retry-failed ${report.run}`)
  }
  for (const note of report.notes) say(io, `! ${note}`)
}

function printChanges(io: Io, { changes }: RunReport): void {
  for (const change of changes.slice(0, shownChanges)) {
    io.out(`\n${change.action} ${change.key}\n`)
    for (const { field, before, after } of change.fields) {
      io.out(`  ${field}: ${show(before)} → ${show(after)}\n`)
    }
  }
  if (changes.length > shownChanges) {
    say(io, `… and ${formatCount(changes.length - shownChanges)} more; --json shows every one kept`)
  }
}

const show = (value: unknown): string =>
  value === null || value === undefined
    ? '(none)'
    : typeof value === 'string'
      ? value
      : JSON.stringify(value)
