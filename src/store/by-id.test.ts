import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import { wholeId } from './by-id.ts'

const silence = { rule: null, subject: 'x', reason: 'x', until: '', set_by: '', set_at: '' }
const table = { table: 'silences', what: 'silences' } as const

it.each([
  ['01AB', '01AB'],
  [' 01ac2 ', '01AC22'],
  ['02', undefined],
  ['', undefined],
  ["01' or 1", undefined],
])('%j names %j', async (typed, named) => {
  const db = await silencesWith(['01AB', '01AC1', '01AC22', '01AD'])

  expect(await wholeId(db, table, typed)).toBe(named)
})

it.each([
  ['01AC', '01AC1, 01AC22'],
  ['01', '01AB, 01AC1, 01AC22, …'],
])('%j names several, which are told: %s', async (typed, told) => {
  const db = await silencesWith(['01AB', '01AC1', '01AC22', '01AD'])

  await expect(wholeId(db, table, typed)).rejects.toMatchObject({
    code: 'usage',
    message: `several silences begin with ${typed}: ${told}`,
  })
})

async function silencesWith(ids: readonly string[]) {
  const db = await memoryState()
  for (const id of ids) {
    await db
      .insertInto('silences')
      .values({ id, ...silence })
      .execute()
  }
  return db
}
