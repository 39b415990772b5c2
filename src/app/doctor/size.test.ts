import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { openCallLog } from '../../store/call-log.ts'
import { insertCalls } from '../../store/calls.ts'
import { addToListing, beginListing } from '../../store/listings.ts'
import { openState } from '../../store/open.ts'
import { callRow } from '../../testing/call-rows.ts'
import { startChild } from '../../testing/child.ts'
import { byHand, doAsTold, examined, foundBy } from '../../testing/doctor.ts'
import { haierProject, project } from '../../testing/program.ts'

it('empties a long journal once nobody reads from it, and reads a large file to its end', async () => {
  const home = await project()
  const path = home.file('caravan.db')
  const reader = startChild('reader-child.ts', path)
  await reader.printed(1)
  const { db, close } = await openState(path, { clock: systemClock })
  const id = await beginListing(db, { job: 'j', source: 's', isFull: true, now: new Date() })
  const body = 'x'.repeat(1_000_000)
  for (let n = 0; n < 72; n++) await addToListing(db, id, [{ externalId: `${n}`, body }])
  await close()

  const [found] = await foundBy('wal', home)
  const { fixed, findings } = await examined(home, { fix: true })
  await reader.kill()
  const mended = await examined(home, { fix: true })
  const hurt = openSync(path, 'r+')
  writeSync(hurt, Buffer.alloc(4096, 0x5a), 0, 4096, 4096 * 9000)
  closeSync(hurt)
  const damaged = await foundBy('integrity', home)

  expect(found).toMatchObject({ severity: 'warning', mend: 'caravan doctor --fix' })
  expect(found?.why).toContain(`open in process ${reader.process.pid};`)
  expect(found?.what).toMatch(/caravan\.db-wal has grown to (6|7)\d\.\d MB/)
  expect(fixed).toMatchObject([{ failed: expect.stringContaining('a process is reading from it') }])
  expect(findings.filter(({ check }) => check === 'wal')).toHaveLength(1)
  expect(mended.fixed).toMatchObject([{ check: 'wal', failed: null }])
  expect(mended.findings.filter(({ check }) => check === 'wal')).toEqual([])
  expect(mended.checks.find((one) => one.id === 'integrity')?.result).toBe('sound')
  expect(damaged).toMatchObject([
    { severity: 'problem', what: expect.stringContaining('caravan.db is damaged') },
  ])
  expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0)
})

it('finds files that outgrow what they may have; cleaning mends it', async () => {
  const home = await haierProject()
  const limit = (text: string) =>
    home.write('integrations.yaml', `${config}retention: { max_size: ${text}, calls: 3650d }\n`)
  const config = home.read('integrations.yaml')
  const body = 'x'.repeat(15_000)
  const log = await openCallLog(home.file('caravan.calls.db'), { clock: systemClock })
  await insertCalls(
    log.db,
    Array.from({ length: 400 }, (_, n) => callRow(n, { response: body })),
  )
  await log.close()

  limit('8MB')
  const [near] = await foundBy('size', home)
  limit('5MB')
  const [above] = await foundBy('size', home)
  await doAsTold(home, above!)
  const after = await foundBy('size', home)
  limit('310KB')
  const [tight] = await foundBy('size', home)

  expect(near).toMatchObject({ severity: 'note', mend: 'caravan clean --dry-run' })
  expect(near?.what).toMatch(/take [67]\.\d MB of the 8\.0 MB/)
  expect(above).toMatchObject({ severity: 'problem', mend: 'caravan clean' })
  expect(after.filter(({ severity }) => severity !== 'note')).toEqual([])
  expect(tight).toMatchObject({ severity: 'problem', mend: 'Raise retention.max_size.' })
})

it('tells of a call log that is mostly empty; cleaning gives it back', async () => {
  const home = await haierProject()
  const log = await openCallLog(home.file('caravan.calls.db'), { clock: systemClock })
  const response = 'x'.repeat(15_000)
  await insertCalls(
    log.db,
    Array.from({ length: 1600 }, (_, n) => callRow(n, { response })),
  )
  await log.close()
  byHand(home, 'delete from calls', 'caravan.calls.db')

  const [empty] = await foundBy('size', home)
  await doAsTold(home, empty!)

  expect(empty).toMatchObject({ severity: 'note', mend: 'caravan clean' })
  expect(empty?.what).toMatch(/^9\d % of .*caravan\.calls\.db is empty, 2\d\.\d MB$/)
  expect(await foundBy('size', home)).toEqual([])
})
