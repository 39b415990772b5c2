import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import { type KeySlot, listKeySlots, putKeySlot, removeKeySlot, replaceRecord } from './keys.ts'
import { getSecret, putSecret } from './secrets.ts'

const day = (n: number) => new Date(Date.UTC(2026, 0, n))

const slot = (id: string, created: number): KeySlot => ({
  id,
  kind: 'passphrase',
  label: id,
  recipient: `recipient of ${id}`,
  kdf: { name: 'scrypt', n: 2, salt: 'salz' },
  masterId: 'm',
  sealedMaster: 'sealed',
  checkRecord: 'check',
  createdAt: day(created).toISOString(),
  createdBy: 'anna',
})

it('keeps key slots, oldest first', async () => {
  const db = await memoryState()
  const old = { ...slot('z', 1), kind: 'key' as const, kdf: null, recipient: null, createdBy: null }

  await putKeySlot(db, slot('a', 2))
  await putKeySlot(db, { ...old, label: 'first' })
  await putKeySlot(db, old)

  expect(await listKeySlots(db)).toEqual([old, slot('a', 2)])
  expect([await removeKeySlot(db, 'a'), await removeKeySlot(db, 'a')]).toEqual([true, false])
  expect(await listKeySlots(db)).toEqual([old])
})

it('refuses a second slot for the same key', async () => {
  const db = await memoryState()
  await putKeySlot(db, slot('a', 1))

  await expect(
    putKeySlot(db, { ...slot('b', 1), recipient: 'recipient of a' }),
  ).rejects.toMatchObject({ code: expect.any(String) })
})

it('puts a record in the place of another without touching when the secret changed', async () => {
  const db = await memoryState()
  await putSecret(db, { name: 'a', record: 'sealed', kekId: 'm', now: day(1) })
  await putSecret(db, { name: 'b', record: 'other', kekId: 'm', now: day(1) })
  const before = await getSecret(db, 'a')

  await replaceRecord(db, 'a', { record: 'anew', kekId: 'n' })

  expect(await getSecret(db, 'a')).toEqual({ ...before, record: 'anew', kekId: 'n' })
  expect(await getSecret(db, 'b')).toMatchObject({ record: 'other', kekId: 'm' })
})
