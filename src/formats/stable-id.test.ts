import { expect, it } from 'vitest'
import { stableId } from './stable-id.ts'

it('is the same for ever', () => {
  // People's 1C bases hold these ids: a change here breaks their groups and price types.
  expect(stableId('haier', 'group', 'Холодильники')).toBe('65b3790c-013e-5d59-9d3d-d9d3a632a18c')
})

it('is a GUID of version 5', () => {
  expect(stableId('x')).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})

it('differs with each word and with how they are parted', () => {
  const ids = [
    stableId('a', 'b'),
    stableId('ab'),
    stableId('a,b'),
    stableId('b', 'a'),
    stableId('a', 'b', ''),
  ]

  expect(new Set(ids).size).toBe(ids.length)
})
