import { expect, it } from 'vitest'
import { nextOccurrence } from './next.ts'
import { previousOccurrence } from './previous.ts'

it.each`
  cron             | zone               | before                    | came
  ${'0 3 * * *'}   | ${'Asia/Shanghai'} | ${'2026-03-01T12:00:00Z'} | ${'2026-02-28T19:00Z'}
  ${'*/5 * * * *'} | ${'UTC'}           | ${'2026-03-01T12:05:00Z'} | ${'2026-03-01T12:00Z'}
  ${'30 2 * * *'}  | ${'Europe/Berlin'} | ${'2026-03-29T12:00:00Z'} | ${'2026-03-29T01:00Z'}
  ${'30 2 * * *'}  | ${'Europe/Berlin'} | ${'2026-10-25T02:00:00Z'} | ${'2026-10-25T00:30Z'}
  ${'0 0 29 2 *'}  | ${'UTC'}           | ${'2026-03-01T00:00:00Z'} | ${'2024-02-29T00:00Z'}
  ${'0 0 30 2 *'}  | ${'UTC'}           | ${'2026-03-01T00:00:00Z'} | ${undefined}
`('$cron in $zone came last before $before at $came', ({ cron, zone, before, came }) => {
  const found = previousOccurrence(cron, zone, new Date(before))

  expect(found?.toISOString().replace(':00.000', '')).toBe(came)
})

it('what it finds is followed by nothing up to the instant it was asked about', () => {
  for (const cron of ['*/7 * * * *', '15 1-3 * * *', '0 4 1 * *', '59 23 31 12 *']) {
    for (let day = 1; day <= 31; day++) {
      const before = new Date(Date.UTC(2026, 2, day, day % 24, day))
      const found = previousOccurrence(cron, 'Europe/Berlin', before)

      expect(found && found < before).toBe(true)
      const next = nextOccurrence(cron, 'Europe/Berlin', found ?? before)
      expect(next && next.at >= before).toBe(true)
    }
  }
})
