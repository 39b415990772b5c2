import type { RunReport } from '../../app/run.ts'
import { paintFor } from './colour.ts'
import type { Io } from './io.ts'
import { formatCount } from './numbers.ts'
import { printJson, say } from './print.ts'
import { renderTable, shorten } from './table.ts'
import { formatDuration } from './time.ts'

const shownChanges = 20
const shownFields = 20
const shownFailures = 10

/** What a run did: a table of counters, then what a person has to look at. */
export async function printReport(
  io: Io,
  report: RunReport,
  flags: { json?: boolean },
): Promise<void> {
  if (flags.json) return printJson(io, report)
  const paint = await paintFor(io)
  const options = { width: io.columns, paint }
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
    io.out(`\n${paint('bad', `Failed (${formatCount(report.counters.failed)})`)}\n`)
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
  }
  for (const note of report.notes) say(io, `! ${note}`)
  sayNext(io, report)
}

/** What an operator does next. A dry run keeps nothing that could be looked at or tried again. */
function sayNext(io: Io, { run, job, status, dry_run, failures }: RunReport): void {
  if (dry_run) return
  if (status === 'interrupted')
    say(io, 'What was saved stays. The same command goes on from there.')
  if (failures.length === 0) return
  say(io, `All that failed: caravan runs show ${run}`)
  if (job !== '1c-catalog') say(io, `Try them again: caravan sync ${job} --retry-failed ${run}`)
}

/** What a dry run found: a line for what would be new or marked, and for what would change each field. */
function printChanges(io: Io, { changes }: RunReport): void {
  for (const { action, key, fields } of changes.slice(0, shownChanges)) {
    const name = fields.find(({ field }) => field === 'name')?.after
    const head = [verbs[action], key, action === 'create' && show(name)].filter(Boolean).join('  ')
    io.out(`\n${shorten(head, io.columns)}\n`)
    if (action !== 'change') continue
    for (const { field, before, after } of fields.slice(0, shownFields)) {
      io.out(`${shorten(`  ${field}: ${show(before)} → ${show(after)}`, io.columns)}\n`)
    }
    if (fields.length > shownFields) io.out(`  … and ${fields.length - shownFields} more fields\n`)
  }
  const rest = changes.length - shownChanges
  if (rest > 0) say(io, `… and ${formatCount(rest)} more; --json shows them, field by field`)
}

const verbs = { create: 'new', change: 'changed', mark: 'missing' } as const

const show = (value: unknown): string => {
  if (value === null || value === undefined) return '(none)'
  return (typeof value === 'string' ? value : JSON.stringify(value)).replace(
    /[\p{Cc}\p{Cf}]+/gu,
    ' ',
  )
}
