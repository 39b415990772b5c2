import { expect, it } from 'vitest'
import { whyNotWhole } from '../app/run.ts'
import { createLog } from './log.ts'
import { tellRun } from './tell-run.ts'
import { createTestClock } from '../testing/clock.ts'

const report = (failed: number, message?: string) => ({
  run: '01RUN',
  job: 'haier-products',
  status: failed || message ? ('failed' as const) : ('success' as const),
  dry_run: false,
  duration_ms: 1,
  counters: { read: 9, created: 0, updated: 0, unchanged: 0, failed, marked: 0 },
  failures: failed ? [{ key: 'GA0SZC00U', reason: 'no price', raw: null }] : [],
  changes: [],
  notes: [],
  resumed_from: null,
  error: message ? { code: 'timeout', message, hint: null } : null,
  exit: 'failed' as const,
})

it.each([
  [report(0), 'haier-products: success'],
  [report(2), 'haier-products: failed: 2 items failed, the first: GA0SZC00U: no price'],
  [report(2, 'no answer'), 'haier-products: failed: no answer'],
])('a run is told with its id, and with why it is no success', (ended, message) => {
  const lines: string[] = []
  const log = createLog({
    level: 'info',
    format: 'json',
    clock: createTestClock(),
    write: (line) => void lines.push(line),
    instant: String,
    paint: (_, text) => text,
  })

  tellRun(log, { ...ended, error: whyNotWhole(ended) })

  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({ message, job: 'haier-products', run: '01RUN' }),
  ])
})
