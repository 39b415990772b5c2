import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { writeKeyFile } from '../../config/secrets/key-file.ts'
import { type Kek, newKey, parseKey } from '../../config/secrets/keys.ts'
import { pairOf } from '../../config/secrets/recipient.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { listKeySlots, putKeySlot, replaceRecord } from '../../store/keys.ts'
import { startChild } from '../../testing/child.ts'
import { keyFileOf, keyTextOf, openedBy, type OpenKeys, openKeys } from '../../testing/keys.ts'
import { temporaryFolder } from '../../testing/state.ts'
import { initProject } from '../init.ts'
import { rotateKey } from './rotate.ts'
import { addSlot } from './slots.ts'

const seed = Number(process.env.CARAVAN_SEED ?? Date.now() % 1_000_000)
const isLong = process.env.CARAVAN_FAULTS === 'long'

const valueOf = (name: string) => `value of ${name}`
const newPassphrase = () => Promise.reject(new Error('no passphrase was expected'))

/** A project with secrets and a second key file that is a slot of its own. */
async function folderWith(secrets: number): Promise<string> {
  const folder = join(temporaryFolder(), 'project')
  await initProject(folder, { env: {}, clock })
  const { app, store, close } = await openKeys(folder)
  await addSlot(app, { file: join(folder, 'spare.key') })
  for (let n = 1; n <= secrets; n++) await store.write(`secret ${n}`, valueOf(`secret ${n}`))
  await close()
  return folder
}

async function opened(folder: string, env: Record<string, string> = {}): Promise<OpenKeys> {
  const keys = await openKeys(folder, { env })
  onTestFinished(keys.close)
  return keys
}

/** Fails unless every secret opens with what is on the disk. */
async function readAll({ store }: OpenKeys): Promise<void> {
  const names = (await store.list()).map(({ name }) => name)
  const values = await Promise.all(names.map((name) => store.read(name)))
  expect(values).toEqual(names.map(valueOf))
}

it('replaces the key file and the master, and leaves nothing that the old ones open', async () => {
  const folder = await folderWith(5)
  const keys = await opened(folder)
  const oldKey = keyTextOf(folder)
  const oldMaster: Kek = (await keys.store.unlocked()).master

  const result = await rotateKey(keys.app, { newPassphrase })

  expect(result).toMatchObject({
    label: 'caravan.key',
    secrets: 5,
    other_slots: 1,
    file: keyFileOf(folder),
    finished_earlier: false,
  })
  expect(keyTextOf(folder)).not.toBe(oldKey)
  expect(readdirSync(folder).filter((name) => name.includes('.next'))).toEqual([])
  expect(await openedBy(keys, [oldKey], [oldMaster])).toEqual([])
  await readAll(keys)
  await readAll(await opened(folder))
  await readAll(await opened(folder, { CARAVAN_KEY_FILE: join(folder, 'spare.key') }))
  const held = await opened(folder, { CARAVAN_KEY: oldKey })
  await expect(held.store.read('secret 1')).rejects.toMatchObject({ code: 'key_wrong' })
})

it('leaves no record of the old keys in the free pages of the file', async () => {
  const folder = await folderWith(0)
  const keys = await openKeys(folder)
  for (let n = 1; n <= 30; n++) await keys.store.write(`secret ${n}`, 'x'.repeat(n * 50))
  const records = (await keys.store.list()).map(({ record }) => record)
  await rotateKey(keys.app, { newPassphrase })
  await keys.close()

  const bytes = readFileSync(join(folder, 'caravan.db'), 'latin1')

  expect(records.filter((record) => bytes.includes(record))).toEqual([])
})

it('the helper that looks for what a key opens does find it', async () => {
  const folder = await folderWith(1)
  const keys = await opened(folder)
  const { master } = await keys.store.unlocked()

  const found = await openedBy(keys, [keyTextOf(folder)], [master])

  expect(found).toContain('secret 1')
  expect(found.filter((name) => name.startsWith('slot'))).toHaveLength(1)
  expect(found.filter((name) => name.startsWith('check'))).toHaveLength(2)
})

/** Enough secrets that a rotation has 50 steps. */
const secretsFor50 = 39

it('can be killed at each of 50 steps: all opens then, and the next rotation completes', async () => {
  const folder = await folderWith(secretsFor50)
  const steps: string[] = []
  const rehearsal = copyOf(folder)
  const keys = await opened(rehearsal)
  await rotateKey(keys.app, { newPassphrase, onStep: (step) => steps.push(step) })
  expect(steps.length).toBeGreaterThanOrEqual(50)

  // What Node compiles is kept for the children, of which most never live to the point of keeping it.
  vi.stubEnv('NODE_COMPILE_CACHE', join(temporaryFolder(), 'compiled'))
  onTestFinished(() => void vi.unstubAllEnvs())
  await startChild('keys-child.ts', 'rotate', copyOf(folder)).ended
  const todo = steps.map((_, at) => at + 1)
  const outcomes: string[] = []
  const work = async () => {
    for (let step = todo.shift(); step; step = todo.shift()) {
      outcomes.push(`${steps[step - 1]}: ${await killAt(copyOf(folder), step)}`)
    }
  }
  await Promise.all([work(), work(), work()])

  const finished = outcomes.filter((line) => line.endsWith(': finished'))
  // From the commit to the renaming the earlier rotation is finished; before and after, another one is made.
  expect(finished.toSorted()).toEqual(['committed: finished', 'old key file kept: finished'])
  expect(outcomes).toHaveLength(steps.length)
}, 120_000)

/** Kills a rotation at a step and says what the next one did. */
async function killAt(folder: string, step: number): Promise<'finished' | 'rotated'> {
  const oldKey = keyTextOf(folder)
  const child = startChild('keys-child.ts', 'rotate', folder, String(step))
  expect(await child.ended).toBeNull()
  const before = await openKeys(copyOf(folder))
  const other = await openKeys(folder, { env: { CARAVAN_KEY_FILE: join(folder, 'spare.key') } })
  const after = await openKeys(folder)
  try {
    await readAll(before)
    await readAll(other)
    const { finished_earlier } = await rotateKey(after.app, { newPassphrase })
    await readAll(after)
    await readAll(other)
    expect(await openedBy(after, [oldKey])).toEqual([])
    expect(existsSync(`${keyFileOf(folder)}.next`)).toBe(false)
    return finished_earlier ? 'finished' : 'rotated'
  } finally {
    await Promise.all([before, other, after].map(({ close }) => close()))
  }
}

it('can be killed at any moment', { timeout: 600_000 }, async () => {
  process.stdout.write(`key rotations killed at random: CARAVAN_SEED=${seed}\n`)
  const random = randomFrom(seed)
  const folder = await folderWith(10)
  const former = new Set<string>()
  for (let kill = 0; kill < (isLong ? 100 : 5); kill++) {
    former.add(keyTextOf(folder))
    const child = startChild('keys-child.ts', 'rotations', folder)
    await child.printed(1)
    await clock.sleep(random() * 60)
    await child.kill()

    const keys = await openKeys(folder)
    await readAll(keys)
    former.add(keyTextOf(folder))
    await rotateKey(keys.app, { newPassphrase })
    await readAll(keys)
    former.delete(keyTextOf(folder))
    expect(await openedBy(keys, [...former])).toEqual([])
    await keys.close()
  }
})

it(
  'goes on while other processes read and write: no error, no lost value',
  { timeout: 600_000 },
  async () => {
    const folder = await folderWith(5)
    const children = ['user a', 'user b'].map((name) =>
      startChild('keys-child.ts', 'use', folder, name),
    )
    await Promise.all(children.map((child) => child.printed(1)))
    const keys = await opened(folder)

    for (let n = 0; n < (isLong ? 200 : 25); n++) {
      await rotateKey(keys.app, { newPassphrase })
      await clock.sleep(5)
    }
    writeFileSync(join(folder, 'stop'), '')

    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0])
    for (const [at, child] of children.entries()) {
      const rounds = Number(child.lines().at(-1))
      expect(rounds).toBeGreaterThan(1)
      expect(await keys.store.read(`user ${'ab'[at]}`)).toBe(`value ${rounds - 1}`)
    }
  },
)

it('two rotations at once both complete', async () => {
  const folder = await folderWith(5)
  const oldKey = keyTextOf(folder)

  const children = [1, 2].map(() => startChild('keys-child.ts', 'rotate', folder))

  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0])
  const keys = await opened(folder)
  await readAll(keys)
  expect(await openedBy(keys, [oldKey])).toEqual([])
  expect(existsSync(`${keyFileOf(folder)}.next`)).toBe(false)
})

it('writes the new key of one from outside where it is told to', async () => {
  const folder = await folderWith(3)
  const oldKey = keyTextOf(folder)
  const keys = await opened(folder, { CARAVAN_KEY: oldKey })
  const to = join(folder, 'new.key')

  await expect(rotateKey(keys.app, { newPassphrase })).rejects.toMatchObject({
    code: 'value_missing',
    message: 'the key comes from CARAVAN_KEY, where caravan cannot put a new one',
  })
  const rotated = await rotateKey(keys.app, { to, newPassphrase })
  const again = await opened(folder, { CARAVAN_KEY: oldKey })
  const finished = await rotateKey(again.app, { to, newPassphrase })

  expect(rotated).toMatchObject({ file: to, secrets: 3, finished_earlier: false })
  expect(finished).toEqual({ ...rotated, finished_earlier: true })
  expect(await openedBy(keys, [oldKey])).toEqual([])
  await readAll(await opened(folder, { CARAVAN_KEY_FILE: to }))
})

it('takes up the key that a rotation to a file had written before it was killed', async () => {
  const folder = await folderWith(1)
  const keys = await opened(folder, { CARAVAN_KEY: keyTextOf(folder) })
  const to = join(folder, 'new.key')
  const draft = newKey()
  await writeKeyFile(`${to}.next`, draft)

  const { finished_earlier } = await rotateKey(keys.app, { to, newPassphrase })

  expect(finished_earlier).toBe(false)
  expect(readFileSync(to, 'utf8').trim()).toBe(draft)
  await readAll(await opened(folder, { CARAVAN_KEY: draft }))
})

it('finishes a rotation to a file that was killed after its commit', async () => {
  const folder = await folderWith(1)
  const oldKey = keyTextOf(folder)
  const keys = await opened(folder, { CARAVAN_KEY: oldKey })
  const to = join(folder, 'new.key')
  await rotateKey(keys.app, { to, newPassphrase })
  renameSync(to, `${to}.next`)

  const again = await opened(folder, { CARAVAN_KEY: oldKey })
  const { finished_earlier } = await rotateKey(again.app, { to, newPassphrase })

  expect(finished_earlier).toBe(true)
  expect(existsSync(`${to}.next`)).toBe(false)
  await readAll(await opened(folder, { CARAVAN_KEY_FILE: to }))
})

it('takes no key back that was replaced before', async () => {
  const folder = await folderWith(1)
  const [a, b] = [join(folder, 'a.key'), join(folder, 'b.key')]
  const first = await opened(folder, { CARAVAN_KEY: keyTextOf(folder) })
  await rotateKey(first.app, { to: a, newPassphrase })
  const replaced = readFileSync(a, 'utf8').trim()
  const second = await opened(folder, { CARAVAN_KEY: replaced })
  await rotateKey(second.app, { to: b, newPassphrase })
  const third = await opened(folder, { CARAVAN_KEY: readFileSync(b, 'utf8').trim() })

  const refused = rotateKey(third.app, { to: a, newPassphrase })

  await expect(refused).rejects.toMatchObject({ code: 'key_exists' })
  expect(await openedBy(third, [replaced])).toEqual([])
  await readAll(third)
})

it('removes no next file that cannot be read: it may be the only copy of a key', async () => {
  const folder = await folderWith(1)
  const next = `${keyFileOf(folder)}.next`
  const spare = readFileSync(join(folder, 'spare.key'), 'utf8')
  writeFileSync(next, spare, { mode: 0o644 })
  const keys = await opened(folder)

  const refused = rotateKey(keys.app, { newPassphrase })

  await expect(refused).rejects.toMatchObject({ code: 'key_unsafe' })
  expect(readFileSync(next, 'utf8')).toBe(spare)
})

it('refuses to write the new key over the key of another slot', async () => {
  const folder = await folderWith(1)
  const keys = await opened(folder, { CARAVAN_KEY: keyTextOf(folder) })
  const spare = readFileSync(join(folder, 'spare.key'), 'utf8')

  const refused = rotateKey(keys.app, { to: join(folder, 'spare.key'), newPassphrase })

  await expect(refused).rejects.toMatchObject({ code: 'key_exists' })
  expect(readFileSync(join(folder, 'spare.key'), 'utf8')).toBe(spare)
  await readAll(keys)
})

it("a next file that is half a key, or nobody's, does not stand in the way", async () => {
  const folder = await folderWith(2)
  for (const left of ['', 'caravan-key-v1:abc', newKey()]) {
    writeFileSync(`${keyFileOf(folder)}.next`, left, { mode: 0o600 })
    const keys = await opened(folder)
    await readAll(keys)

    const { finished_earlier } = await rotateKey(keys.app, { newPassphrase })

    expect(finished_earlier).toBe(false)
    await readAll(keys)
  }
})

it('rotates the file behind a link, and leaves the link', async () => {
  const folder = await folderWith(1)
  const real = join(temporaryFolder(), 'real.key')
  cpSync(keyFileOf(folder), real)
  rmSync(keyFileOf(folder))
  symlinkSync(real, keyFileOf(folder))
  const before = keyTextOf(folder)
  const keys = await opened(folder)

  await rotateKey(keys.app, { newPassphrase })

  expect(readlinkSync(keyFileOf(folder))).toBe(real)
  expect(keyTextOf(folder)).not.toBe(before)
  await readAll(await opened(folder))
})

it('changes nothing when a record was altered, and names it', async () => {
  const folder = await folderWith(3)
  const keys = await opened(folder)
  const { db } = keys.state
  const [first, second] = await keys.store.list()
  const record = first!.record.split('.').with(3, second!.record.split('.')[3]!).join('.')
  await replaceRecord(db, 'secret 2', { record, kekId: second!.kekId })
  const before = [await keys.store.list(), await listKeySlots(db)]

  const refused = rotateKey(keys.app, { newPassphrase })

  await expect(refused).rejects.toMatchObject({
    code: 'secret_damaged',
    message: expect.stringContaining('secret 2'),
  })
  expect([await keys.store.list(), await listKeySlots(db)]).toEqual(before)
  expect(await (await opened(folder)).store.read('secret 1')).toBe(valueOf('secret 1'))
})

it('gives the next master to no slot that somebody without a key has put there', async () => {
  const folder = await folderWith(1)
  const keys = await opened(folder)
  const { db } = keys.state
  const [own] = await listKeySlots(db)
  const { recipient } = pairOf(parseKey(newKey(), 'an intruder').key)
  await putKeySlot(db, { ...own!, id: 'f00d', label: 'intruder', recipient })

  const refused = rotateKey(keys.app, { newPassphrase })

  await expect(refused).rejects.toMatchObject({
    code: 'secret_damaged',
    message: 'the key slot intruder (f00d) was altered, cut or moved',
  })
})

const copyOf = (folder: string): string => {
  const copy = join(temporaryFolder(), 'copy')
  cpSync(folder, copy, { recursive: true })
  return copy
}

/** Numbers from 0 to 1, always the same for a seed. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
