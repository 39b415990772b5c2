import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import {
  findConfigVersion,
  latestConfigHash,
  listConfigVersions,
  saveConfigVersion,
} from './config-versions.ts'
import type { Db } from './schema.ts'
import { liftSwitch, listSwitches, setSwitch } from './switches.ts'

const now = new Date('2026-03-01T10:00:00.000Z')

const save = (db: Db, content: string) =>
  saveConfigVersion(db, `hash of ${content}`, () => version(content))

const version = (content: string) => ({
  loadedBy: 'anna',
  command: 'list',
  faults: 0,
  content,
  parsed: { version: 1, content },
  summary: `now ${content}`,
  now,
})

it('keeps each change of the config once, in the order of loading', async () => {
  const db = await memoryState()

  for (const content of ['a', 'a', 'b', 'a']) await save(db, content)

  const versions = await listConfigVersions(db)
  expect(versions.map(({ content, position }) => content + position)).toEqual(['a3', 'b2', 'a1'])
  expect(await listConfigVersions(db, { limit: 1, before: 3 })).toEqual([versions[1]])
  expect(await findConfigVersion(db, 3)).toEqual(versions[0])
  expect(versions[0]).toMatchObject({ parsed: { content: 'a' }, loadedAt: now.toISOString() })
  expect(await findConfigVersion(db, 4)).toBeUndefined()
  expect(await latestConfigHash(db)).toBe('hash of a')
})

it('holds a switch until it is lifted or its time has come', async () => {
  const db = await memoryState()
  const later = new Date(now.getTime() + 3_600_000)
  const by = { reason: 'maintenance', setBy: 'anna@host', now }

  expect(await setSwitch(db, { service: 'haier', ...by })).toBeUndefined()
  await setSwitch(db, { service: 'sms', until: later, ...by })
  expect(await setSwitch(db, { service: 'haier', ...by, reason: 'still' })).toMatchObject({
    reason: 'maintenance',
  })

  expect([...(await listSwitches(db, now)).keys()]).toEqual(['haier', 'sms'])
  expect((await listSwitches(db, later)).get('haier')).toEqual({
    service: 'haier',
    reason: 'still',
    until: null,
    setBy: 'anna@host',
    setAt: now.toISOString(),
  })
  expect((await listSwitches(db, later)).has('sms')).toBe(false)
  expect(await liftSwitch(db, 'sms', later)).toBeUndefined()
  expect([await liftSwitch(db, 'haier', now), await liftSwitch(db, 'haier', now)]).toMatchObject([
    { reason: 'still' },
    undefined,
  ])
})
