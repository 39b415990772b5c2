import { expect, it } from 'vitest'
import { localToInstant } from './local-time.ts'

it.each`
  local                          | zone               | expected
  ${'2024-01-15T10:00:00'}       | ${'Europe/Moscow'} | ${'2024-01-15T07:00:00.000Z'}
  ${'2024-01-15T10:00:00'}       | ${'UTC'}           | ${'2024-01-15T10:00:00.000Z'}
  ${'2012-07-01T10:00:00'}       | ${'Europe/Moscow'} | ${'2012-07-01T06:00:00.000Z'}
  ${'2024-03-31T02:30:00'}       | ${'Europe/Berlin'} | ${'2024-03-31T01:30:00.000Z'}
  ${'2024-10-27T02:30:00'}       | ${'Europe/Berlin'} | ${'2024-10-27T00:30:00.000Z'}
  ${'2024-10-27T03:30:00'}       | ${'Europe/Berlin'} | ${'2024-10-27T02:30:00.000Z'}
  ${'2024-01-15T10:00:00+05:00'} | ${'Europe/Moscow'} | ${'2024-01-15T05:00:00.000Z'}
  ${'2024-01-15'}                | ${'Europe/Moscow'} | ${'2024-01-15'}
  ${'2024-13-45T10:00:00'}       | ${'UTC'}           | ${undefined}
  ${'15.01.2024'}                | ${'UTC'}           | ${undefined}
`('$local in $zone is $expected', ({ local, zone, expected }) => {
  expect(localToInstant(local, zone)).toBe(expected)
})
