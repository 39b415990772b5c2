import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { stateMigrations } from '../../../migrations/index.ts'
import { checkRecord, sealSecret } from '../../config/secrets/envelope.ts'
import { writeKeyFile } from '../../config/secrets/key-file.ts'
import { newKey, parseKey } from '../../config/secrets/keys.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { createFile } from '../../store/create.ts'
import { stateFile } from '../../store/files.ts'
import { listKeySlots, replaceRecord } from '../../store/keys.ts'
import { startChild } from '../../testing/child.ts'
import {
  keyFileOf,
  keyTextOf,
  openedBy,
  type OpenKeys,
  openKeys,
  type OpenKeysOptions,
} from '../../testing/keys.ts'
import { temporaryFolder } from '../../testing/state.ts'
import { initProject } from '../init.ts'
import { openForKeyInUse, recipientsOf } from './index.ts'
import { rotateKey } from './rotate.ts'
import { addSlot, listSlots } from './slots.ts'
import { sealFor } from '../../config/secrets/recipient.ts'

const passphrase = 'five words nobody would guess'
const newPassphrase = () => Promise.reject(new Error('no passphrase was expected'))

async function opened(folder: string, options: OpenKeysOptions = {}): Promise<OpenKeys> {
  const keys = await openKeys(folder, options)
  onTestFinished(keys.close)
  return keys
}

/** A project with one secret. */
async function project(): Promise<string> {
  const folder = join(temporaryFolder(), 'project')
  await initProject(folder, { env: { USER: 'anna' }, clock })
  const { store, close } = await openKeys(folder)
  await store.write('token', 'planted')
  await close()
  return folder
}

/** The same, with a passphrase as a second slot and the key file gone. */
async function withPassphrase(): Promise<string> {
  const folder = await project()
  const { app, close } = await openKeys(folder)
  await addSlot(app, { passphrase: () => Promise.resolve(passphrase) })
  await close()
  rmSync(keyFileOf(folder))
  return folder
}

/** A state as it was before migration 3: the key from outside is the master itself. */
async function oldState(): Promise<{ folder: string; keyText: string }> {
  const folder = join(temporaryFolder(), 'project')
  mkdirSync(folder, { mode: 0o700 })
  const keyText = newKey()
  await writeKeyFile(keyFileOf(folder), keyText)
  const key = parseKey(keyText, 'test')
  await createFile(join(folder, 'caravan.db'), stateFile, stateMigrations.slice(0, 2), (handle) => {
    const at = '2026-01-02T03:04:05.000Z'
    handle.prepare(`insert into meta values ('instance_id', 'instance-1')`).run()
    handle
      .prepare('insert into key_slots (kek_id, check_record, created_at) values (?, ?, ?)')
      .run(key.id, checkRecord(key, 'instance-1'), at)
    for (const name of ['one', 'two']) {
      const record = sealSecret(key, { table: 'secrets', name, version: 1 }, `value of ${name}`)
      handle
        .prepare(
          'insert into secrets (name, record, kek_id, created_at, updated_at) values (?, ?, ?, ?, ?)',
        )
        .run(name, record, key.id, at, at)
    }
  })
  return { folder, keyText }
}

it('upgrades a state whose key was the master itself, when it is first unlocked', async () => {
  const { folder, keyText } = await oldState()
  const keys = await opened(folder)
  const listed = await listSlots(keys.app)

  const value = await keys.store.read('one')

  expect(listed).toMatchObject([{ kind: 'key', label: 'first key', recipient: null, in_use: true }])
  expect(value).toBe('value of one')
  const [slot, ...more] = await listKeySlots(keys.state.db)
  expect(more).toEqual([])
  expect(slot).toMatchObject({ recipient: expect.stringContaining('caravan-recipient-v1:') })
  expect(slot?.masterId).not.toBe(parseKey(keyText, 'test').id)
  const secrets = await keys.store.list()
  expect(secrets.map(({ kekId }) => kekId)).toEqual([slot?.masterId, slot?.masterId])
  expect(secrets.map(({ updatedAt }) => updatedAt)).toEqual(Array(2).fill(slot?.createdAt))
  const found = await openedBy(keys, [keyText])
  expect(found).toEqual([`slot ${slot?.id}`])
  expect(await (await opened(folder)).store.read('two')).toBe('value of two')
})

it('two processes that upgrade at once agree', async () => {
  const { folder } = await oldState()
  const children = [1, 2].map(() => startChild('keys-child.ts', 'rotate', folder))

  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0])

  const { store } = await opened(folder)
  expect([await store.read('one'), await store.read('two')]).toEqual([
    'value of one',
    'value of two',
  ])
})

it('refuses another key before the upgrade, and changes nothing', async () => {
  const { folder } = await oldState()
  const keys = await opened(folder, { env: { CARAVAN_KEY: newKey() } })
  const before = await listKeySlots(keys.state.db)

  await expect(keys.store.read('one')).rejects.toMatchObject({ code: 'key_wrong' })

  expect(await listKeySlots(keys.state.db)).toEqual(before)
})

it.each([
  ['CARAVAN_PASSPHRASE', () => ({ CARAVAN_PASSPHRASE: passphrase })],
  [
    'CARAVAN_PASSPHRASE_FILE',
    (folder: string) => {
      writeFileSync(join(folder, 'words'), `${passphrase}\n`, { mode: 0o600 })
      return { CARAVAN_PASSPHRASE_FILE: join(folder, 'words'), CARAVAN_PASSPHRASE: 'another one' }
    },
  ],
  [
    'a systemd credential',
    (folder: string) => {
      mkdirSync(join(folder, 'creds'))
      writeFileSync(join(folder, 'creds/caravan-passphrase'), passphrase, { mode: 0o440 })
      return { CREDENTIALS_DIRECTORY: join(folder, 'creds'), CARAVAN_PASSPHRASE: 'another one' }
    },
  ],
])('unlocks by a passphrase from %s when there is no key', async (_, envOf) => {
  const folder = await withPassphrase()

  const { store } = await opened(folder, { env: envOf(folder) })

  expect(await store.read('token')).toBe('planted')
})

it('tries a passphrase also when the key that is found belongs to no slot', async () => {
  const folder = await withPassphrase()
  await writeKeyFile(keyFileOf(folder), newKey())

  const { store } = await opened(folder, { env: { CARAVAN_PASSPHRASE: passphrase } })

  expect(await store.read('token')).toBe('planted')
})

it('asks once, goes on asking when it was mistyped, and three times at most', async () => {
  const folder = await withPassphrase()
  const given = ['wrong', passphrase]
  const questions: string[] = []
  const { store } = await opened(folder, {
    askPassphrase: async (question) => {
      questions.push(question)
      return given.shift()
    },
  })
  let asked = 0
  const never = await opened(folder, { askPassphrase: async () => `wrong ${asked++}` })

  const values = await Promise.all([store.read('token'), store.read('token')])
  await expect(never.store.read('token')).rejects.toMatchObject({ code: 'key_wrong' })
  await expect(never.store.read('token')).rejects.toMatchObject({ code: 'key_missing' })

  expect(values).toEqual(['planted', 'planted'])
  expect(questions).toHaveLength(2)
  expect(asked).toBe(3)
})

it('goes on after a rotation elsewhere without asking again', async () => {
  const folder = await project()
  const other = await opened(folder)
  await addSlot(other.app, { passphrase: () => Promise.resolve(passphrase) })
  renameSync(keyFileOf(folder), join(folder, 'away.key'))
  let asked = 0
  const keys = await opened(folder, {
    askPassphrase: async () => {
      asked += 1
      return passphrase
    },
  })
  await keys.store.read('token')

  const env = { CARAVAN_KEY_FILE: join(folder, 'away.key') }
  const { app } = await opened(folder, { env })
  await rotateKey(app, { newPassphrase: () => Promise.resolve('') })

  expect(await keys.store.read('token')).toBe('planted')
  await keys.store.write('token', 'another')
  expect(await keys.store.read('token')).toBe('another')
  expect(asked).toBe(1)
})

it('rotates the passphrase that is in use', async () => {
  const folder = await withPassphrase()
  const keys = await opened(folder, { env: { CARAVAN_PASSPHRASE: passphrase } })
  const next = 'another five words, and better'

  await expect(
    rotateKey(keys.app, { newPassphrase: () => Promise.resolve('too short') }),
  ).rejects.toMatchObject({ code: 'input_invalid' })
  const rotated = await rotateKey(keys.app, { newPassphrase: () => Promise.resolve(next) })

  expect(rotated).toMatchObject({ kind: 'passphrase', file: null, secrets: 1, other_slots: 1 })
  const old = await opened(folder, { env: { CARAVAN_PASSPHRASE: passphrase } })
  await expect(old.store.read('token')).rejects.toMatchObject({ code: 'key_wrong' })
  const fresh = await opened(folder, { env: { CARAVAN_PASSPHRASE: next } })
  expect(await fresh.store.read('token')).toBe('planted')
})

it('names every place when there is neither a key nor a passphrase', async () => {
  const folder = await withPassphrase()
  const { store } = await opened(folder)

  const error = await store.read('token').catch((thrown: unknown) => thrown as Error)

  expect((error as Error).message.replaceAll(folder, '…')).toMatchInlineSnapshot(`
    "there is no key to open the secrets with. Looked at:
      CARAVAN_KEY: not set
      CARAVAN_KEY_FILE: not set
      systemd credential caravan-key: CREDENTIALS_DIRECTORY is not set
      …/caravan.key  (beside the config): there is no such file
      CARAVAN_PASSPHRASE_FILE: not set
      systemd credential caravan-passphrase: CREDENTIALS_DIRECTORY is not set
      CARAVAN_PASSPHRASE: not set
      a terminal to ask at: there is none"
  `)
})

it('lists the slots without a key, and derives nothing from a passphrase', async () => {
  const folder = await withPassphrase()
  const { app } = await opened(folder, {
    askPassphrase: () => Promise.reject(new Error('nobody must be asked')),
  })

  const slots = await listSlots(app)

  expect(slots).toMatchObject([
    { kind: 'key', label: 'caravan.key', created_by: 'anna', in_use: false },
    { kind: 'passphrase', label: 'passphrase', in_use: null },
  ])
})

it('says which installation a slot belongs to', async () => {
  const folder = await project()
  const { state } = await opened(folder)
  await state.db
    .updateTable('meta')
    .set({ value: 'another' })
    .where('key', '=', 'instance_id')
    .execute()

  const { store } = await opened(folder)

  await expect(store.read('token')).rejects.toMatchObject({ code: 'state_swapped' })
})

it('tells a slot that was altered', async () => {
  const folder = await project()
  const keys = await opened(folder)
  const [slot] = await listKeySlots(keys.state.db)
  await keys.state.db.updateTable('key_slots').set({ id: 'another' }).execute()

  await expect(keys.store.read('token')).rejects.toMatchObject({
    code: 'secret_damaged',
    message: `the key slot ${slot?.label} (another) was altered, cut or moved`,
  })
})

it('opens what was sealed for it elsewhere', async () => {
  const folder = await project()
  const keys = await opened(folder)
  const [own] = await recipientsOf(keys.state.db)

  const sealed = sealFor(own!.recipient, 'bundle', Buffer.from('content'))

  expect(await openForKeyInUse(keys.app, 'bundle', sealed)).toEqual(Buffer.from('content'))
  expect(await openForKeyInUse(keys.app, 'other', sealed)).toBeUndefined()
})

it('finds the next file also when the key file is gone, and puts it in its place', async () => {
  const folder = await project()
  const next = `${keyFileOf(folder)}.next`
  renameSync(keyFileOf(folder), next)

  const { store } = await opened(folder)

  expect(await store.read('token')).toBe('planted')
  expect(existsSync(next)).toBe(false)
  expect(keyTextOf(folder)).toMatch(/^caravan-key-v1:/)
})

it('one damaged secret of an older version locks nobody out of the others', async () => {
  const { folder, keyText } = await oldState()
  const keys = await opened(folder)
  const { db } = keys.state
  const { id: kekId } = parseKey(keyText, 'test')
  await replaceRecord(db, 'one', { record: 'v1.damaged', kekId })

  expect(await keys.store.read('two')).toBe('value of two')
  await expect(keys.store.read('one')).rejects.toMatchObject({ code: 'secret_damaged' })
  await expect(rotateKey(keys.app, { newPassphrase })).rejects.toMatchObject({
    code: 'secret_damaged',
    message: expect.stringContaining('one'),
  })
  await keys.store.write('one', 'stored again')
  await rotateKey(keys.app, { newPassphrase })

  const later = await opened(folder)
  expect(await later.store.read('one')).toBe('stored again')
  expect(await later.store.read('two')).toBe('value of two')
  expect(await openedBy(later, [keyText])).toEqual([])
})
