import { setImmediate as turn } from 'node:timers/promises'
import { Cron } from 'croner'
import { describe, expect, it } from 'vitest'
import { dueInstants, watchClock } from '../../testing/cron-oracle.ts'
import { drawsOf } from '../draws.ts'
import { countBetween } from './count.ts'
import { nextOccurrence } from './next.ts'

const isLong = process.env.CARAVAN_FAULTS === 'long'
const seed = Number(process.env.CARAVAN_SEED ?? Date.now() % 1_000_000)
const draw = drawsOf(seed)
const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!
const below = (count: number): number => Math.floor(draw() * count)

/** Every way in which a clock is changed: by an hour, half of one, at midnight, backwards in winter, with the moon. */
const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Beirut',
  'Europe/Dublin',
  'Africa/Casablanca',
  'Pacific/Chatham',
  'America/Havana',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Antarctica/Troll',
]

const from = new Date('2026-01-01T00:00:00Z')
const until = new Date('2028-01-01T00:00:00Z')

/** Such as people write, with the hours drawn to those in which clocks are changed. */
function drawSchedule(): string {
  const minute = pick(['0', '30', '15,45', '*/30', '*/20', String(below(60)), '10-50/20'])
  const hour = pick([
    '*',
    '*',
    '0',
    '1',
    '2',
    '3',
    '23',
    '0-5',
    '*/2',
    '*/6',
    '1,2,3',
    '22-23',
    '2,14',
  ])
  const [day, weekday] = pick([
    ['*', '*'],
    ['*', '*'],
    ['*', '*'],
    ['*', '0'],
    ['*', '1-5'],
    ['1,15', '*'],
    ['29', '0'],
    ['*/9', '*'],
  ] as const)
  return `${minute} ${hour} ${day} ${pick(['*', '*', '*', '3,4,10', '2-11'])} ${weekday}`
}

const some = isLong ? zones : [pick(zones), pick(zones), pick(zones)]
const each = isLong ? 40 : 10

describe.each([...new Set(some)])(
  `in %s, minute by minute for two years (seed ${seed})`,
  (zone) => {
    const clockwork = watchClock(zone, from, until)
    const schedules = Array.from({ length: each }, drawSchedule)

    it.each(schedules)('%s', async (cron) => {
      const wanted = dueInstants(cron, clockwork)
      const found: number[] = []
      for (let at = new Date(from.getTime() - 1); ;) {
        const next = nextOccurrence(cron, zone, at)
        if (!next || next.at >= until) break
        found.push(next.at.getTime())
        at = next.at
      }

      expect(found.map(text)).toEqual(wanted.map(text))

      // Between any two instants, and between two that are due themselves.
      const [early, late] = [below(wanted.length), below(wanted.length)].toSorted((a, b) => a - b)
      for (const [begin, end] of [
        [from.getTime() + below(10 ** 9), until.getTime() - 1 - below(10 ** 9)],
        [wanted[early!] ?? 0, wanted[late!] ?? 0],
      ] as const) {
        const between = wanted.filter((at) => at > begin && at <= end)
        expect(await countBetween(cron, zone, new Date(begin), new Date(end))).toEqual({
          count: between.length,
          first: between.length === 0 ? null : new Date(between[0]!),
          last: between.length === 0 ? null : new Date(between.at(-1)!),
        })
      }
    })
  },
)

const text = (ms: number): string => new Date(ms).toISOString().slice(0, 16)

it(`comes at the days that croner finds where no clock is changed (seed ${seed})`, () => {
  const extras = [
    'L * *',
    'LW * *',
    '15W * *',
    '31W * *',
    '* * 5L',
    '* * 1#1',
    '* * 2#5',
    '13 * +5',
    '? 2 ?',
    '28-31 * 0',
    '*/2 */5 7',
    '1 jan mon',
    '29 2 *',
  ]
  const draws = Array.from({ length: isLong ? 300 : 40 }, () => drawSchedule())
  for (const cron of [...extras.map((days) => `30 2 ${days}`), ...draws]) {
    const reference = new Cron(cron, { paused: true, utcOffset: 0 })
    let at = new Date(from.getTime() + below(3e10))
    for (let step = 0; step < 20; step++) {
      const wanted = reference.nextRun(at)

      expect({ cron, at: nextOccurrence(cron, 'UTC', at)?.at }).toEqual({
        cron,
        at: wanted ?? undefined,
      })

      if (!wanted) break
      at = wanted
    }
  }
})

it('counts a century of minutes and lets others have their turn', async () => {
  const over = new AbortController()
  const others = (async () => {
    let turns = 0
    for (; !over.signal.aborted; turns++) await turn()
    return turns
  })()

  const end = new Date('2126-01-01T00:00:00Z')
  const span = await countBetween('* * * * *', 'Europe/Berlin', from, end)
  over.abort()

  expect(span.count).toBe((Date.UTC(2126, 0, 1) - from.getTime()) / 60_000)
  expect(await others).toBeGreaterThan(50)
})
