import { expect, it } from 'vitest'
import { newId } from './ids.ts'

it('makes ids that sort in the order they were made, and differ within what lists show of them', () => {
  const ids = Array.from({ length: 20_000 }, () => newId())

  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids.map((id) => id.slice(0, 16))).size).toBe(ids.length)
  expect(ids.every((id) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id))).toBe(true)
})
