import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { startChild } from '../testing/child.ts'
import { temporaryFolder } from '../testing/state.ts'
import { backupState } from './backup.ts'
import { callLogPath } from './files.ts'
import { putKeySlot } from './keys.ts'
import { addToListing, beginListing, dropListing } from './listings.ts'
import { getMeta, setMeta } from './meta.ts'
import { createState, openState } from './open.ts'
import { openCallLog } from './call-log.ts'
import { restoreState } from './restore.ts'
import { stateSizes } from './sizes.ts'

const now = new Date('2026-03-01T00:00:00Z')
const body = 'x'.repeat(400)

async function freshState() {
  const path = join(temporaryFolder(), 'caravan.db')
  await createState(path, clock)
  return openState(path, { clock })
}

it('copies the state while another process writes, and the copy can be opened', async () => {
  const state = await freshState()
  const target = join(temporaryFolder(), 'backup.db')
  const writer = startChild('state-child.ts', 'write', state.path)
  await writer.printed(5)

  const backup = await backupState(state, target, { now })

  expect(backup).toMatchObject({
    path: target,
    sizeBytes: statSync(target).size,
    sha256: createHash('sha256').update(readFileSync(target)).digest('hex'),
    instanceId: state.instanceId,
    madeAt: '2026-03-01T00:00:00.000Z',
  })
  expect(statSync(target).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(target, '..'))).toEqual(['backup.db'])
  await writer.kill()
  const copy = await openState(target, { clock, instanceId: state.instanceId })
  const { count } = await copy.db
    .selectFrom('listing_items')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  expect(count).toBeGreaterThanOrEqual(250)
  expect(count % 50).toBe(0)
  await copy.close()
  await state.close()
})

it('shows one instant of a state that another process writes to, while this one goes on with other work', async () => {
  const state = await freshState()
  const id = await beginListing(state.db, { job: 'j', source: 's', isFull: true, now })
  const items = Array.from({ length: 20_000 }, (_, n) => ({ externalId: `${n}`, body }))
  await addToListing(state.db, id, items)
  const target = join(temporaryFolder(), 'backup.db')
  const writer = startChild('state-child.ts', 'pairs', state.path)
  await writer.printed(1)
  let turns = 0
  const ended = { is: false }
  const steps: number[] = []

  const atStart = writer.lines().length
  const making = backupState(state, target, {
    now,
    onProgress: ({ doneBytes }) => void steps.push(doneBytes),
  }).finally(() => (ended.is = true))
  while (!ended.is) {
    turns++
    await turn()
  }
  const { facts } = await making
  const written = writer.lines().length - atStart
  await writer.kill()

  const copy = await openState(target, { clock })
  const left = Number(await getMeta(copy.db, 'left'))
  const pairs = await copy.db.selectFrom('checkpoints').select('job').execute()
  process.stdout.write(
    `${JSON.stringify({ steps: steps.length, turns, pairs: left, committedMeanwhile: written * 10 })}\n`,
  )
  expect(await getMeta(copy.db, 'right')).toBe(String(left))
  expect(pairs).toHaveLength(left)
  expect(facts.rows).toMatchObject({ listing_items: 20_000, checkpoints: left })
  expect(steps.length).toBeGreaterThan(5)
  expect(turns).toBeGreaterThan(steps.length)
  expect(written).toBeGreaterThan(0)
  await copy.close()
  await state.close()
})

it.each(['', '-wal', '-shm', '-journal', '.replaced', '.replaced-2', '.before-3'])(
  'refuses a name that belongs to the state: caravan.db%s',
  async (suffix) => {
    const state = await freshState()

    for (const own of [state.path, callLogPath(state.path)]) {
      await expect(backupState(state, own + suffix, { now })).rejects.toMatchObject({
        code: 'state_exists',
        message: expect.stringContaining('one of the files of the state itself'),
      })
    }

    await state.close()
  },
)

it('leaves nothing behind when it is stopped', async () => {
  const state = await freshState()
  const folder = temporaryFolder()
  const stop = new AbortController()
  stop.abort(new Error('asked to stop'))

  const making = backupState(state, join(folder, 'backup.db'), { now, signal: stop.signal })
  await expect(making).rejects.toThrow('asked to stop')

  expect(readdirSync(folder)).toEqual([])
  await state.close()
})

it('a kill in the middle leaves no file under the name of the backup', async () => {
  const state = await freshState()
  const id = await beginListing(state.db, { job: 'j', source: 's', isFull: true, now })
  const items = Array.from({ length: 20_000 }, (_, n) => ({ externalId: `${n}`, body }))
  await addToListing(state.db, id, items)
  const target = join(temporaryFolder(), 'backup.db')
  const child = startChild('state-child.ts', 'backup', state.path, target)

  await child.printed(2)
  await child.kill()

  expect(child.lines()).not.toContain('done')
  expect(existsSync(target)).toBe(false)
  await backupState(state, target, { now })
  expect(existsSync(target)).toBe(true)
  await state.close()
})

it('says which keys the secrets in it need, and how many rows it holds', async () => {
  const state = await freshState()
  const slot = { id: 'abcd', kind: 'key', label: 'first key', recipient: null, kdf: null } as const
  const sealed = { masterId: 'm', sealedMaster: null, checkRecord: 'c', createdBy: null }
  await putKeySlot(state.db, { ...slot, ...sealed, createdAt: now.toISOString() })

  const { facts } = await backupState(state, join(temporaryFolder(), 'b.db'), { now })

  expect(facts).toMatchObject({
    keys: [{ id: 'abcd', label: 'first key', createdAt: now.toISOString() }],
    rows: { key_slots: 1 },
    madeAt: now.toISOString(),
  })
  await state.close()
})

it('does not replace a state that another process has open', async () => {
  const state = await freshState()
  const target = join(temporaryFolder(), 'backup.db')
  await backupState(state, target, { now })
  await state.close()
  const holder = startChild('state-child.ts', 'keep', state.path)
  await holder.printed(1)

  await expect(restoreState(target, state.path)).rejects.toMatchObject({
    code: 'state_busy',
    message: expect.stringContaining('is in use by'),
  })
  expect(readdirSync(dirname(state.path)).filter((name) => /restored|replaced/.test(name))).toEqual(
    [],
  )

  await holder.kill()
  expect(await restoreState(target, state.path)).toMatchObject({
    formerState: `${state.path}.replaced`,
  })
})

it('gives the space back that a backup has free', async () => {
  const state = await freshState()
  const id = await beginListing(state.db, { job: 'j', source: 's', isFull: true, now })
  const items = Array.from({ length: 5000 }, (_, n) => ({ externalId: `${n}`, body }))
  await addToListing(state.db, id, items)
  await dropListing(state.db, id)
  const target = join(temporaryFolder(), 'backup.db')
  const backup = await backupState(state, target, { now })
  await state.close()

  const restored = await restoreState(target, state.path)

  expect(restored.sizeBytes).toBeLessThan(backup.sizeBytes / 2)
})

it('refuses to write over a file', async () => {
  const state = await freshState()
  const target = join(temporaryFolder(), 'backup.db')
  writeFileSync(target, 'last week')

  await expect(backupState(state, target, { now })).rejects.toMatchObject({ code: 'state_exists' })

  expect(readFileSync(target, 'utf8')).toBe('last week')
  await state.close()
})

it('says that the folder for the backup is not there', async () => {
  const state = await freshState()

  await expect(
    backupState(state, join(temporaryFolder(), 'no', 'b.db'), { now }),
  ).rejects.toMatchObject({
    code: 'file_unreadable',
    message: expect.stringContaining('There is no folder'),
  })

  await state.close()
})

it('restores what was backed up', async () => {
  const state = await freshState()
  const target = join(temporaryFolder(), 'backup.db')
  await setMeta(state.db, 'a', 'before')
  await backupState(state, target, { now })
  await setMeta(state.db, 'a', 'after')
  await state.close()

  await restoreState(target, state.path)

  const restored = await openState(state.path, { clock, instanceId: state.instanceId })
  expect(await getMeta(restored.db, 'a')).toBe('before')
  expect(statSync(state.path).mode & 0o777).toBe(0o600)
  await restored.close()
})

it('overwrites no state that an earlier restore has put aside', async () => {
  const state = await freshState()
  const target = join(temporaryFolder(), 'backup.db')
  await setMeta(state.db, 'a', 'backed up')
  await backupState(state, target, { now })
  await setMeta(state.db, 'a', 'wanted')
  await state.close()

  await restoreState(target, state.path)
  const again = await restoreState(target, state.path)
  // As a kill leaves it between the two renames.
  renameSync(state.path, `${state.path}.replaced-3`)
  const third = await restoreState(target, state.path)

  expect([again.formerState, third.formerState]).toEqual([`${state.path}.replaced-2`, null])
  const kept = readdirSync(dirname(state.path)).filter((name) => name.includes('.replaced'))
  expect(kept.toSorted()).toEqual(['', '-2', '-3'].map((end) => `caravan.db.replaced${end}`))
  const former = await openState(`${state.path}.replaced`, { clock })
  expect(await getMeta(former.db, 'a')).toBe('wanted')
  await former.close()
})

it('does not restore what is no backup, and leaves the state as it is', async () => {
  const state = await freshState()
  await state.close()
  const target = join(temporaryFolder(), 'backup.db')
  writeFileSync(target, 'garbage')
  const before = readFileSync(state.path)

  await expect(restoreState(target, state.path)).rejects.toThrow('is not a caravan state')

  expect(readFileSync(state.path).equals(before)).toBe(true)
  expect(existsSync(`${state.path}.replaced`)).toBe(false)
})

it('tells how large the files of a state are', async () => {
  const state = await freshState()
  const log = await openCallLog(callLogPath(state.path), { clock })
  await setMeta(state.db, 'a', 'b')

  const sizes = stateSizes(state.path)

  expect(sizes.state).toBe(statSync(state.path).size)
  expect(sizes.stateWriteAhead).toBeGreaterThan(0)
  expect(sizes.calls).toBe(statSync(callLogPath(state.path)).size)
  expect(sizes.total).toBe(
    sizes.state + sizes.stateWriteAhead + sizes.calls + sizes.callsWriteAhead,
  )
  await log.close()
  await state.close()
})
