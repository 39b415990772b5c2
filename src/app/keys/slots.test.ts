import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { newKey, parseKey } from '../../config/secrets/keys.ts'
import { pairOf } from '../../config/secrets/recipient.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { listKeySlots } from '../../store/keys.ts'
import {
  keyTextOf,
  openedBy,
  type OpenKeys,
  openKeys,
  type OpenKeysOptions,
} from '../../testing/keys.ts'
import { temporaryFolder } from '../../testing/state.ts'
import { initProject } from '../init.ts'
import { addSlot, listSlots, planRemoval, removeSlot } from './slots.ts'

async function opened(folder: string, options: OpenKeysOptions = {}): Promise<OpenKeys> {
  const keys = await openKeys(folder, options)
  onTestFinished(keys.close)
  return keys
}

/** A project with one secret, and its keys. */
async function project(): Promise<OpenKeys & { folder: string }> {
  const folder = join(temporaryFolder(), 'project')
  await initProject(folder, { env: {}, clock })
  const keys = await opened(folder)
  await keys.store.write('token', 'planted')
  return { ...keys, folder }
}

it('adds a key file, a passphrase and a key that is elsewhere, each of which opens alone', async () => {
  const { app, folder } = await project()
  const elsewhere = newKey()
  const passphrase = 'five words nobody would guess'
  const { recipient } = pairOf(parseKey(elsewhere, 'test').key)

  const file = await addSlot(app, { file: join(folder, 'spare.key') })
  await addSlot(app, { passphrase: async () => passphrase, label: 'Anna' })
  await addSlot(app, { recipient })
  await addSlot(app, { recipient: pairOf(parseKey(newKey(), 'test').key).recipient })

  expect(file).toMatchObject({ kind: 'key', label: 'spare.key', file: join(folder, 'spare.key') })
  expect(statSync(join(folder, 'spare.key')).mode & 0o777).toBe(0o600)
  const listed = await listSlots(app)
  expect(Object.fromEntries(listed.map(({ label, in_use }) => [label, in_use]))).toEqual({
    'caravan.key': true,
    'spare.key': false,
    Anna: null,
    elsewhere: false,
    'elsewhere 2': false,
  })
  const ways: Record<string, string>[] = [
    { CARAVAN_KEY_FILE: join(folder, 'spare.key') },
    { CARAVAN_KEY: elsewhere },
    { CARAVAN_KEY: newKey(), CARAVAN_PASSPHRASE: passphrase },
  ]
  for (const env of ways) {
    expect(await (await opened(folder, { env })).store.read('token')).toBe('planted')
  }
})

it.each([
  ['a short passphrase', { passphrase: async () => 'eleven char' }, 'input_invalid'],
  ['no recipient', { recipient: 'caravan-recipient-v1:abc' }, 'key_malformed'],
  ['a key in the place of a recipient', { recipient: newKey() }, 'key_malformed'],
  ['a label that is taken', { file: 'x.key', label: 'caravan.key' }, 'usage'],
  ['a label of blanks', { file: 'x.key', label: '  ' }, 'usage'],
  ['a name that rotations use', { file: 'x.next' }, 'usage'],
  ['a folder that is not there', { file: 'none/x.key' }, 'key_unwritable'],
  ['a file that is there', { file: 'caravan.key' }, 'key_exists'],
])('refuses %s, and adds nothing', async (_, wanted, code) => {
  const { app, state, folder } = await project()
  const here = 'file' in wanted ? { ...wanted, file: join(folder, wanted.file) } : wanted
  const before = keyTextOf(folder)

  await expect(addSlot(app, here)).rejects.toMatchObject({ code })

  expect(await listKeySlots(state.db)).toHaveLength(1)
  expect(keyTextOf(folder)).toBe(before)
  expect(existsSync(join(folder, 'x.key'))).toBe(false)
})

it('refuses a key that is a slot already, and never repeats a key in an error', async () => {
  const { app, folder } = await project()
  const text = keyTextOf(folder)

  const twice = addSlot(app, { recipient: pairOf(parseKey(text, 'test').key).recipient })
  const secret = addSlot(app, { recipient: text })

  await expect(twice).rejects.toMatchObject({
    code: 'key_exists',
    message: expect.stringContaining('opens the slot caravan.key'),
  })
  const error = await secret.catch((thrown: unknown) => thrown as Error)
  expect(JSON.stringify(error) + String(error)).not.toContain(text.slice(20, 40))
})

it('needs a key that opens before anything is added', async () => {
  const { folder } = await project()
  const { app } = await opened(folder, { env: { CARAVAN_KEY: newKey() } })

  const refused = addSlot(app, {
    passphrase: () => Promise.reject(new Error('nobody must be asked')),
  })

  await expect(refused).rejects.toMatchObject({ code: 'key_wrong' })
})

it('removes a slot with a new master, so that what its key had opened stays closed', async () => {
  const { app, store, state, folder } = await project()
  await addSlot(app, { file: join(folder, 'spare.key') })
  const spare = readFileSync(join(folder, 'spare.key'), 'utf8').trim()
  const { master } = await store.unlocked()
  const { id, isInUse } = await planRemoval(app, 'spare.key')

  const removed = await removeSlot(app, id)

  expect(isInUse).toBe(false)
  expect(removed).toEqual({
    slot: id,
    label: 'spare.key',
    was_in_use: false,
    secrets: 1,
    slots: 1,
  })
  expect(await openedBy({ app, store, state, close: state.close }, [spare], [master])).toEqual([])
  expect(await store.read('token')).toBe('planted')
  await store.write('token', 'another')
  expect(await (await opened(folder)).store.read('token')).toBe('another')
})

it('removes the slot in use, after which another one is needed', async () => {
  const { app, store, folder } = await project()
  await addSlot(app, { file: join(folder, 'spare.key') })
  const own = await planRemoval(app, 'caravan.key')

  const removed = await removeSlot(app, own.id)

  expect([own.isInUse, removed.was_in_use]).toEqual([true, true])
  await expect(store.read('token')).rejects.toMatchObject({ code: 'key_wrong' })
  const env = { CARAVAN_KEY_FILE: join(folder, 'spare.key') }
  expect(await (await opened(folder, { env })).store.read('token')).toBe('planted')
})

it('removes a slot that was altered', async () => {
  const { app, state, store, folder } = await project()
  const { slot } = await addSlot(app, { file: join(folder, 'spare.key') })
  const { recipient } = pairOf(parseKey(newKey(), 'an intruder').key)
  await state.db.updateTable('key_slots').set({ recipient }).where('id', '=', slot).execute()

  await removeSlot(app, slot)

  expect(await store.read('token')).toBe('planted')
  expect(await listKeySlots(state.db)).toHaveLength(1)
})

it('refuses to remove the last slot, also when two processes remove one each', async () => {
  const { app, folder, state } = await project()
  await expect(planRemoval(app, 'caravan.key')).rejects.toMatchObject({ code: 'key_last' })
  const { slot } = await addSlot(app, { file: join(folder, 'spare.key') })
  const first = await planRemoval(app, slot)
  const second = await planRemoval(app, 'caravan.key')
  const other = await opened(folder, { env: { CARAVAN_KEY_FILE: join(folder, 'spare.key') } })

  await removeSlot(other.app, second.id)
  const refused = removeSlot(other.app, first.id)

  await expect(refused).rejects.toMatchObject({ code: 'key_last' })
  expect(await listKeySlots(state.db)).toHaveLength(1)
})

it('finds a slot by its label, its id or the beginning of it', async () => {
  const { app, folder } = await project()
  const { slot } = await addSlot(app, { file: join(folder, 'spare.key'), label: 'office safe' })

  for (const name of ['office safe', slot, slot.slice(0, 6).toUpperCase()]) {
    expect(await planRemoval(app, name)).toMatchObject({ id: slot })
  }
  await expect(planRemoval(app, 'ofice safe')).rejects.toMatchObject({
    code: 'slot_unknown',
    hint: 'Did you mean office safe? "caravan key list" lists them.',
  })
  await expect(planRemoval(app, '')).rejects.toMatchObject({ code: 'slot_unknown' })
})
