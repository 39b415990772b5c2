import { describe, expect, it } from 'vitest'
import { isSchedule, parseSchedule } from './parse.ts'
import { nextOccurrence, nextOccurrences } from './next.ts'
import { findSlips } from './slips.ts'

/** As minutes of UTC, with the note behind. */
const next = (cron: string, zone: string, after: string, count: number) =>
  nextOccurrences(cron, zone, new Date(after), count).map(({ at, note }) =>
    [at.toISOString().replace(':00.000', ''), note].filter(Boolean).join(' | '),
  )

describe('an hour that the clock skips', () => {
  it.each`
    cron                | zone                     | after                     | comes
    ${'30 2 * * *'}     | ${'Europe/Berlin'}       | ${'2026-03-28T12:00:00Z'} | ${['2026-03-29T01:00Z | 02:30 does not exist on 2026-03-29 in Europe/Berlin: run at 03:00', '2026-03-30T00:30Z']}
    ${'30 2,14 * * *'}  | ${'Europe/Berlin'}       | ${'2026-03-28T20:00:00Z'} | ${['2026-03-29T01:00Z | 02:30 does not exist on 2026-03-29 in Europe/Berlin: run at 03:00', '2026-03-29T12:30Z']}
    ${'0,30 2,3 * * *'} | ${'Europe/Berlin'}       | ${'2026-03-28T20:00:00Z'} | ${['2026-03-29T01:00Z | 02:00 to 02:30 do not exist on 2026-03-29 in Europe/Berlin, 2 occurrences: run once, at 03:00', '2026-03-29T01:30Z']}
    ${'*/30 * * * *'}   | ${'Europe/Berlin'}       | ${'2026-03-29T00:00:00Z'} | ${['2026-03-29T00:30Z', '2026-03-29T01:00Z | 02:00 to 02:30 do not exist on 2026-03-29 in Europe/Berlin: left out, this is the next one', '2026-03-29T01:30Z']}
    ${'15 * * * *'}     | ${'Europe/Berlin'}       | ${'2026-03-29T00:00:00Z'} | ${['2026-03-29T00:15Z', '2026-03-29T01:15Z | 02:15 does not exist on 2026-03-29 in Europe/Berlin: left out, this is the next one']}
    ${'15 2 * * *'}     | ${'Australia/Lord_Howe'} | ${'2026-10-03T12:00:00Z'} | ${['2026-10-03T15:30Z | 02:15 does not exist on 2026-10-04 in Australia/Lord_Howe: run at 02:30', '2026-10-04T15:15Z']}
    ${'0 0 * * *'}      | ${'America/Santiago'}    | ${'2026-09-05T12:00:00Z'} | ${['2026-09-06T04:00Z | 00:00 does not exist on 2026-09-06 in America/Santiago: run at 01:00', '2026-09-07T03:00Z']}
    ${'0 0 * * *'}      | ${'Africa/Cairo'}        | ${'2026-04-23T12:00:00Z'} | ${['2026-04-23T22:00Z | 00:00 does not exist on 2026-04-24 in Africa/Cairo: run at 01:00', '2026-04-24T21:00Z']}
    ${'0 0 * * *'}      | ${'Asia/Beirut'}         | ${'2026-03-28T12:00:00Z'} | ${['2026-03-28T22:00Z | 00:00 does not exist on 2026-03-29 in Asia/Beirut: run at 01:00', '2026-03-29T21:00Z']}
    ${'30 1 * * *'}     | ${'Europe/Dublin'}       | ${'2026-03-28T12:00:00Z'} | ${['2026-03-29T01:00Z | 01:30 does not exist on 2026-03-29 in Europe/Dublin: run at 02:00', '2026-03-30T00:30Z']}
    ${'50 2 * * *'}     | ${'Pacific/Chatham'}     | ${'2026-09-26T10:00:00Z'} | ${['2026-09-26T14:00Z | 02:50 does not exist on 2026-09-27 in Pacific/Chatham: run at 03:45', '2026-09-27T13:05Z']}
    ${'30 12 * * *'}    | ${'Pacific/Apia'}        | ${'2011-12-30T00:00:00Z'} | ${['2011-12-30T10:00Z | 12:30 does not exist on 2011-12-30 in Pacific/Apia: run at 00:00', '2011-12-30T22:30Z']}
  `('$cron in $zone', ({ cron, zone, after, comes }) => {
    expect(next(cron, zone, after, comes.length)).toEqual(comes)
  })
})

describe('an hour that comes twice', () => {
  it.each`
    cron             | zone                     | after                     | comes
    ${'30 2 * * *'}  | ${'Europe/Berlin'}       | ${'2026-10-24T12:00:00Z'} | ${['2026-10-25T00:30Z | 02:30 comes twice on 2026-10-25 in Europe/Berlin: run the first time only', '2026-10-26T01:30Z']}
    ${'0 */2 * * *'} | ${'Europe/Berlin'}       | ${'2026-10-24T22:30:00Z'} | ${['2026-10-25T00:00Z | 02:00 comes twice on 2026-10-25 in Europe/Berlin: run the first time only', '2026-10-25T03:00Z']}
    ${'30 * * * *'}  | ${'Europe/Berlin'}       | ${'2026-10-25T00:00:00Z'} | ${['2026-10-25T00:30Z | 02:30 comes twice on 2026-10-25 in Europe/Berlin: this is the first time', '2026-10-25T01:30Z | 02:30 comes twice on 2026-10-25 in Europe/Berlin: this is the second time', '2026-10-25T02:30Z']}
    ${'45 1 * * *'}  | ${'Australia/Lord_Howe'} | ${'2026-04-04T12:00:00Z'} | ${['2026-04-04T14:45Z | 01:45 comes twice on 2026-04-05 in Australia/Lord_Howe: run the first time only', '2026-04-05T15:15Z']}
    ${'30 23 * * *'} | ${'America/Santiago'}    | ${'2026-04-04T12:00:00Z'} | ${['2026-04-05T02:30Z | 23:30 comes twice on 2026-04-04 in America/Santiago: run the first time only', '2026-04-06T03:30Z']}
    ${'30 2 * * *'}  | ${'Africa/Casablanca'}   | ${'2026-02-14T12:00:00Z'} | ${['2026-02-15T01:30Z | 02:30 comes twice on 2026-02-15 in Africa/Casablanca: run the first time only', '2026-02-16T02:30Z']}
    ${'30 23 * * *'} | ${'Asia/Almaty'}         | ${'2024-02-29T12:00:00Z'} | ${['2024-02-29T17:30Z | 23:30 comes twice on 2024-02-29 in Asia/Almaty: run the first time only', '2024-03-01T18:30Z']}
  `('$cron in $zone', ({ cron, zone, after, comes }) => {
    expect(next(cron, zone, after, comes.length)).toEqual(comes)
  })
})

it('says the same of an occurrence wherever the search began', () => {
  const at = new Date('2026-10-25T01:30:00Z')

  const notes = [1, 60_000, 3_600_000].map(
    (before) =>
      nextOccurrences('30 * * * *', 'Europe/Berlin', new Date(at.getTime() - before), 3).find(
        (one) => one.at.getTime() === at.getTime(),
      )?.note,
  )

  expect(new Set(notes).size).toBe(1)
  expect(notes[0]).toContain('second time')
})

it.each`
  cron               | after                     | comes
  ${'0 0 29 2 *'}    | ${'2097-01-01T00:00:00Z'} | ${['2104-02-29T00:00Z', '2108-02-29T00:00Z']}
  ${'0 0 31 * *'}    | ${'2026-01-31T00:00:00Z'} | ${['2026-03-31T00:00Z', '2026-05-31T00:00Z']}
  ${'0 0 13 * 5'}    | ${'2026-11-01T00:00:00Z'} | ${['2026-11-06T00:00Z', '2026-11-13T00:00Z', '2026-11-20T00:00Z']}
  ${'0 0 13 * +5'}   | ${'2026-11-14T00:00:00Z'} | ${['2027-08-13T00:00Z']}
  ${'0 0 29 2 +1'}   | ${'2072-03-01T00:00:00Z'} | ${['2112-02-29T00:00Z']}
  ${'0 0 L * *'}     | ${'2026-02-01T00:00:00Z'} | ${['2026-02-28T00:00Z', '2026-03-31T00:00Z']}
  ${'59 23 31 12 *'} | ${'2026-12-31T23:59:00Z'} | ${['2027-12-31T23:59Z']}
`('$cron comes at its days', ({ cron, after, comes }) => {
  expect(next(cron, 'UTC', after, comes.length)).toEqual(comes)
})

it.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 30 2 +1'])('%s never comes', (cron) => {
  expect(nextOccurrence(cron, 'Europe/Berlin', new Date('2026-01-01'))).toBeUndefined()
})

it('takes seconds as a sixth field in front, though not in the config', () => {
  const found = nextOccurrences(
    '*/20 * * * * *',
    'Asia/Shanghai',
    new Date('2026-01-01T00:00:05.500Z'),
    3,
  )

  expect(found.map(({ at }) => at.toISOString().slice(17))).toEqual([
    '20.000Z',
    '40.000Z',
    '00.000Z',
  ])
  expect(isSchedule('*/20 * * * * *')).toBe(false)
})

it.each([
  '',
  '* * * *',
  '60 * * * *',
  '* 24 * * *',
  '0 0 0 * *',
  '0 0 * 13 *',
  '0 0 * * 8',
  '@daily',
  '*/0 * * * *',
  'a b c d e',
  '1,,2 * * * *',
])('refuses "%s"', (cron) => {
  expect(isSchedule(cron)).toBe(false)
})

it('names the field that is wrong', () => {
  expect(() => parseSchedule('61 * * * *')).toThrow(
    '"61 * * * *" is no schedule: the minute "61" cannot be (0 to 59)',
  )
})

it.each`
  cron              | zone               | codes
  ${'0 3 * * *'}    | ${'Asia/Shanghai'} | ${[]}
  ${'*/15 * * * *'} | ${'UTC'}           | ${[]}
  ${'* */4 * * *'}  | ${'UTC'}           | ${['every_minute']}
  ${'0 0 13 * 5'}   | ${'UTC'}           | ${['either_day']}
  ${'0 0 13 * +5'}  | ${'UTC'}           | ${[]}
  ${'*/7 * * * *'}  | ${'UTC'}           | ${['uneven_step']}
  ${'0 */5 * * *'}  | ${'UTC'}           | ${['uneven_step']}
  ${'0 0 */2 * *'}  | ${'UTC'}           | ${['uneven_step']}
  ${'0 0 31 * *'}   | ${'UTC'}           | ${['month_end']}
  ${'0 0 29 2 *'}   | ${'UTC'}           | ${['leap_day']}
  ${'0 0 30 2 *'}   | ${'UTC'}           | ${['never']}
  ${'0 3 * * *'}    | ${'Etc/GMT+8'}     | ${['zone_sign']}
`('warns of $codes in $cron, $zone', ({ cron, zone, codes }) => {
  const slips = findSlips(cron, zone, new Date('2026-01-01'))

  expect(slips.map(({ code }) => code)).toEqual(codes)
})
