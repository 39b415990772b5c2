import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import { getKeySlot, listKeySlots, putKeySlot, removeKeySlot } from './keys.ts'
import {
  countSecretsByKey,
  getSecret,
  listSecrets,
  putSecret,
  removeSecret,
  touchSecrets,
} from './secrets.ts'

const day = (n: number) => new Date(Date.UTC(2026, 0, n))

it('replaces a secret and keeps the day it was first stored', async () => {
  const db = await memoryState()
  await putSecret(db, { name: 'b', record: 'sealed', kekId: 'k1', now: day(1) })
  await putSecret(db, { name: 'a', record: 'other', kekId: 'k1', now: day(1) })

  await putSecret(db, { name: 'b', record: 'anew', kekId: 'k2', now: day(2) })
  await touchSecrets(db, ['b', 'nobody'], day(3))
  await touchSecrets(db, [], day(4))

  expect(await getSecret(db, 'b')).toEqual({
    name: 'b',
    record: 'anew',
    kekId: 'k2',
    createdAt: day(1).toISOString(),
    updatedAt: day(2).toISOString(),
    lastUsedAt: day(3).toISOString(),
  })
  expect((await listSecrets(db)).map(({ name }) => name)).toEqual(['a', 'b'])
  expect(await countSecretsByKey(db)).toEqual(
    new Map([
      ['k1', 1],
      ['k2', 1],
    ]),
  )
})

it('removes a secret and says whether there was one', async () => {
  const db = await memoryState()
  await putSecret(db, { name: 'a', record: 'sealed', kekId: 'k', now: day(1) })

  expect([await removeSecret(db, 'a'), await removeSecret(db, 'a')]).toEqual([true, false])
  expect(await getSecret(db, 'a')).toBeUndefined()
})

it('keeps key slots, oldest first', async () => {
  const db = await memoryState()
  const old = { kekId: 'z', checkRecord: 'c', createdAt: day(1).toISOString() }
  const young = { kekId: 'a', checkRecord: 'c', createdAt: day(2).toISOString() }

  await putKeySlot(db, young)
  await putKeySlot(db, { ...old, checkRecord: 'first' })
  await putKeySlot(db, old)

  expect(await listKeySlots(db)).toEqual([old, young])
  expect(await getKeySlot(db, 'a')).toEqual(young)
  expect([await removeKeySlot(db, 'a'), await removeKeySlot(db, 'a')]).toEqual([true, false])
})
