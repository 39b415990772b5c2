import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import {
  getSecret,
  listSecrets,
  noteSecretExpiry,
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
    expiresAt: null,
    updatedBy: null,
  })
  expect((await listSecrets(db)).map(({ name }) => name)).toEqual(['a', 'b'])
  expect((await listSecrets(db)).map(({ kekId }) => kekId)).toEqual(['k1', 'k2'])
})

it('removes a secret and says whether there was one', async () => {
  const db = await memoryState()
  await putSecret(db, { name: 'a', record: 'sealed', kekId: 'k', now: day(1) })

  expect([await removeSecret(db, 'a'), await removeSecret(db, 'a')]).toEqual([true, false])
  expect(await getSecret(db, 'a')).toBeUndefined()
})

it('forgets when a credential ends once its value is replaced', async () => {
  const db = await memoryState()
  const expiresAt = day(20).toISOString()
  await putSecret(db, { name: 'a', record: 'sealed', kekId: 'k1', now: day(1), expiresAt })

  const told = (await getSecret(db, 'a'))?.expiresAt
  await noteSecretExpiry(db, 'a', day(25).toISOString())
  await noteSecretExpiry(db, 'nobody', day(25).toISOString())
  const noted = await getSecret(db, 'a')
  await putSecret(db, { name: 'a', record: 'anew', kekId: 'k1', now: day(2) })

  expect(told).toBe(expiresAt)
  expect(noted).toMatchObject({ expiresAt: day(25).toISOString(), updatedAt: day(1).toISOString() })
  expect((await getSecret(db, 'a'))?.expiresAt).toBeNull()
})
