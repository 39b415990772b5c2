import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { startChild } from '../testing/child.ts'
import { temporaryFolder } from '../testing/state.ts'
import { backupState } from './backup.ts'
import { callLogPath } from './files.ts'
import { getMeta, setMeta } from './meta.ts'
import { createState, openState } from './open.ts'
import { openCallLog } from './call-log.ts'
import { restoreState } from './restore.ts'
import { stateSizes } from './sizes.ts'

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

  const backup = await backupState(state, target)

  expect(backup).toEqual({
    path: target,
    sizeBytes: statSync(target).size,
    instanceId: state.instanceId,
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

it('refuses to write over a file', async () => {
  const state = await freshState()
  const target = join(temporaryFolder(), 'backup.db')
  writeFileSync(target, 'last week')

  await expect(backupState(state, target)).rejects.toMatchObject({ code: 'state_exists' })

  expect(readFileSync(target, 'utf8')).toBe('last week')
  await state.close()
})

it('says that the folder for the backup is not there', async () => {
  const state = await freshState()

  await expect(backupState(state, join(temporaryFolder(), 'no', 'b.db'))).rejects.toMatchObject({
    code: 'file_unreadable',
    message: expect.stringContaining('There is no folder'),
  })

  await state.close()
})

it('restores what was backed up', async () => {
  const state = await freshState()
  const target = join(temporaryFolder(), 'backup.db')
  await setMeta(state.db, 'a', 'before')
  await backupState(state, target)
  await setMeta(state.db, 'a', 'after')
  await state.close()

  restoreState(target, state.path)

  const restored = await openState(state.path, { clock, instanceId: state.instanceId })
  expect(await getMeta(restored.db, 'a')).toBe('before')
  expect(statSync(state.path).mode & 0o777).toBe(0o600)
  await restored.close()
})

it('does not restore what is no backup, and leaves the state as it is', async () => {
  const state = await freshState()
  await state.close()
  const target = join(temporaryFolder(), 'backup.db')
  writeFileSync(target, 'garbage')
  const before = readFileSync(state.path)

  expect(() => restoreState(target, state.path)).toThrow('is not a caravan state')

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
