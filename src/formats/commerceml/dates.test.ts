import { expect, it } from 'vitest'
import { isoOf, isoOfParts } from './dates.ts'

it.each`
  raw                            | iso
  ${'2026-11-20'}                | ${'2026-11-20'}
  ${'2026-11-20T10:00:00'}       | ${'2026-11-20T10:00:00'}
  ${'2026-11-20 10:00:00'}       | ${'2026-11-20T10:00:00'}
  ${'2014-06-01T0:36:33'}        | ${'2014-06-01T00:36:33'}
  ${'2026-04-22T18:30:00+00:00'} | ${'2026-04-22T18:30:00+00:00'}
  ${'20.11.2026'}                | ${'2026-11-20'}
  ${'20.11.2026 9:05:00'}        | ${'2026-11-20T09:05:00'}
  ${'2024-02-29'}                | ${'2024-02-29'}
  ${'2023-02-29'}                | ${undefined}
  ${'2026-13-01'}                | ${undefined}
  ${'2026-11-20T24:00:00'}       | ${undefined}
  ${'tomorrow'}                  | ${undefined}
  ${'0001-01-01T00:00:00'}       | ${null}
`('"$raw" is $iso', ({ raw, iso }) => {
  const result = isoOf(String(raw))

  expect(result).toBe(iso)
})

it.each`
  date                     | time          | iso
  ${'2026-11-20'}          | ${'10:00:00'} | ${'2026-11-20T10:00:00'}
  ${'2026-11-20'}          | ${'9:05:00'}  | ${'2026-11-20T09:05:00'}
  ${'2026-11-20'}          | ${undefined}  | ${'2026-11-20'}
  ${'2026-11-20'}          | ${'soon'}     | ${'2026-11-20'}
  ${'2026-11-20T08:00:00'} | ${'10:00:00'} | ${'2026-11-20T08:00:00'}
  ${undefined}             | ${'10:00:00'} | ${undefined}
`('$date and $time are $iso', ({ date, time, iso }) => {
  const result = isoOfParts(date as string | undefined, time as string | undefined)

  expect(result).toBe(iso)
})
