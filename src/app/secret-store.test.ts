import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { newKey } from '../config/secrets/keys.ts'
import { writeKeyFile } from '../config/secrets/key-file.ts'
import { systemClock } from '../core/clock.ts'
import { replaceRecord } from '../store/keys.ts'
import { getSecret } from '../store/secrets.ts'
import { createTestClock } from '../testing/clock.ts'
import { keyFileOf, openKeys, type OpenKeysOptions } from '../testing/keys.ts'
import { temporaryFolder } from '../testing/state.ts'
import { initProject } from './init.ts'

async function project() {
  const folder = join(temporaryFolder(), 'project')
  await initProject(folder, { env: {}, clock: systemClock })
  const open = async (options: OpenKeysOptions = {}) => {
    const keys = await openKeys(folder, options)
    onTestFinished(keys.close)
    return keys
  }
  return { folder, open }
}

const hourMs = 3_600_000

it('notes the use of a secret, at most once an hour whichever process reads it', async () => {
  const { open } = await project()
  const clock = createTestClock(new Date('2026-03-01T00:00:00.000Z'))
  const [a, b] = [await open({ clock }), await open({ clock })]
  await a.store.write('token', 'value')
  const seen: (string | null | undefined)[] = []
  const note = async () => seen.push((await getSecret(a.state.db, 'token'))?.lastUsedAt)

  await note()
  await a.store.read('token')
  await note()
  await clock.advance(hourMs - 1)
  await Promise.all([a.store.read('token'), b.store.read('token')])
  await note()
  await clock.advance(1)
  await b.store.read('token')
  await note()

  const [start, later] = ['2026-03-01T00:00:00.000Z', '2026-03-01T01:00:00.000Z']
  expect(seen).toEqual([null, start, start, later])
})

it('notes a use again after the clock was set back for long', async () => {
  const { open } = await project()
  const ahead = await open({ clock: createTestClock(new Date('2036-01-01T00:00:00.000Z')) })
  await ahead.store.write('token', 'value')
  await ahead.store.read('token')

  const { store, state } = await open({ clock: createTestClock() })
  await store.read('token')

  expect((await getSecret(state.db, 'token'))?.lastUsedAt).toBe('2026-03-01T00:00:00.000Z')
})

it('reads also when the use cannot be noted', async () => {
  const { open } = await project()
  const { store, state } = await open()
  await store.write('token', 'value')
  await sql`pragma query_only = on`.execute(state.db)

  expect([await store.read('token'), await store.read('token')]).toEqual(['value', 'value'])
  expect((await getSecret(state.db, 'token'))?.lastUsedAt).toBeNull()
})

it('stores several values or none, with when they end', async () => {
  const { open } = await project()
  const { store } = await open()
  const expiresAt = '2027-01-01T00:00:00.000Z'

  await store.writeAll([
    { name: 'a', value: '1', expiresAt },
    { name: 'b', value: '2' },
  ])
  const failing = store.writeAll([
    { name: 'a', value: 'lost' },
    { name: 'c', value: null as never },
  ])

  await expect(failing).rejects.toThrow(/null/)
  expect(await store.read('a')).toBe('1')
  expect((await store.list()).map((one) => [one.name, one.expiresAt])).toEqual([
    ['a', expiresAt],
    ['b', null],
  ])
})

it('tells a record of a foreign master, and does not look for ever', async () => {
  const { open } = await project()
  const { store, state } = await open()
  await store.write('token', 'value')
  const { record } = (await getSecret(state.db, 'token'))!
  const foreign = { record: record.replace(/^v1\.\w+/, 'v1.0123456789abcdef'), kekId: '0123' }
  await replaceRecord(state.db, 'token', foreign)

  await expect(store.read('token')).rejects.toMatchObject({
    code: 'key_wrong',
    message: expect.stringContaining('the secret token'),
  })
})

it('finds a key that comes later', async () => {
  const { folder, open } = await project()
  const { store } = await open()
  await store.write('token', 'value')
  const away = join(folder, 'away.key')
  renameSync(keyFileOf(folder), away)
  const later = await open()
  await expect(later.store.read('token')).rejects.toMatchObject({ code: 'key_missing' })

  renameSync(away, keyFileOf(folder))

  expect(await later.store.read('token')).toBe('value')
  await writeKeyFile(away, newKey())
  const wrong = await open({ env: { CARAVAN_KEY_FILE: away } })
  await expect(wrong.store.read('token')).rejects.toMatchObject({ code: 'key_wrong' })
})
