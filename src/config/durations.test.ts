import { expect, it } from 'vitest'
import { parseDuration } from './durations.ts'
import { parseSize } from './sizes.ts'

it.each([
  ['0s', 0],
  ['500ms', 500],
  ['10s', 10_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['30d', 2_592_000_000],
])('reads the duration %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

it.each(['', '10', 's', '-1s', '1.5h', '10 s', '10S', '1h30m', '1e3s', '99999d'])(
  'refuses the duration "%s"',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)

it.each([
  ['1B', 1],
  ['500KB', 500_000],
  ['2GB', 2_000_000_000],
  ['2 gib', 2 * 1024 ** 3],
])('reads the size %s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

it.each(['', '2', 'GB', '-2GB', '1.5GB', '2XB', '99999999999999TB'])(
  'refuses the size "%s"',
  (text) => {
    expect(parseSize(text)).toBeUndefined()
  },
)
