import type { TestResult } from '../../app/test/index.ts'
import type { Tone } from '../output/colour.ts'
import type { Io } from '../output/io.ts'
import { say } from '../output/print.ts'
import type { Column } from '../output/table.ts'
import { formatDuration } from '../output/time.ts'
import { wrap } from '../output/wrap.ts'

export const columns: readonly Column<TestResult>[] = [
  { title: 'SERVICE', text: (row) => row.service },
  { title: 'RESULT', text: (row) => row.result, tone: toneOf },
  { title: 'RUNG', text: (row) => row.rung ?? '', isOptional: true, drop: 2 },
  { title: 'CAUSE', text: (row) => row.cause ?? '', isOptional: true },
  { title: 'TOOK', text: (row) => formatDuration(row.duration_ms), isNumber: true, drop: 1 },
  { title: 'WHAT', text: (row) => row.detail.split('\n', 1)[0] ?? '', shrink: 1 },
]

function toneOf({ result, warnings }: TestResult): Tone {
  if (result === 'failed') return 'bad'
  return result === 'skipped' || warnings.length > 0 ? 'warn' : 'good'
}

const rungTones: Readonly<Record<TestResult['rungs'][number]['status'], Tone>> = {
  ok: 'good',
  warning: 'warn',
  failed: 'bad',
  skipped: 'dim',
  not_reached: 'dim',
}

/** What was seen on the way, a line for each rung. */
export const ladderColumns: readonly Column<TestResult['rungs'][number]>[] = [
  { title: 'RUNG', text: (row) => row.rung },
  {
    title: 'STATE',
    text: (row) => row.status.replace('_', ' '),
    tone: (row) => rungTones[row.status],
  },
  {
    title: 'TOOK',
    text: (row) => (row.duration_ms > 0 ? formatDuration(row.duration_ms) : ''),
    isNumber: true,
    isOptional: true,
    drop: 1,
  },
  { title: 'SAW', text: (row) => row.saw, shrink: 1 },
]

/** What the table may have cut: each failure in whole, and what is no failure yet. */
export function sayDetails(io: Io, results: readonly TestResult[]): void {
  for (const result of results) {
    const { service, disabled, cause, warnings } = result
    if (disabled !== null && cause !== 'service_disabled') {
      say(io, `! ${service} is not in use: ${disabled}`)
    }
    for (const warning of warnings) say(io, `! ${service}: ${warning}`)
  }
  for (const result of results) if (!result.ok) io.err(failureText(result, io.errColumns))
}

/** What failed, why, what to do, where to look. */
export function failureText(
  { service, detail, cause, next, call }: TestResult,
  width = Infinity,
): string {
  const [first = '', ...rest] = detail.split('\n')
  const lines = [`${service}: ${first} (${cause ?? 'internal'})`, ...rest]
  if (next) lines.push(...next.split('\n'))
  if (call) lines.push(`More: caravan logs show ${call}`)
  const text = lines.flatMap((line) => wrap(`  ${line}`, width)).join('\n')
  return `✗ ${text.trimStart()}\n`
}
