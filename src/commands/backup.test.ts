import { rmSync, truncateSync } from 'node:fs'
import { expect, it } from 'vitest'
import { project } from '../testing/program.ts'

it('a backup brings a lost state back, secrets included', async () => {
  const { run, file } = await project()
  await run('secret set token', { stdin: 'value' })

  const backup = await run('backup copy.db --json')
  await run('secret set later', { stdin: 'value' })
  truncateSync(file('caravan.db'), 0)
  rmSync(file('caravan.db-wal'), { force: true })
  rmSync(file('caravan.db-shm'), { force: true })
  const restored = await run('restore copy.db --yes')
  const { out } = await run('secret list --json')

  expect(backup).toMatchObject({ code: 0 })
  expect(JSON.parse(backup.out)).toMatchObject({ file: 'copy.db' })
  expect(restored).toMatchObject({ code: 0 })
  expect(JSON.parse(out)).toMatchObject({ secrets: [{ name: 'token' }] })
})

it('a backup is never written over a file', async () => {
  const { run, write, read } = await project()
  write('copy.db', 'precious')

  const { code, err } = await run('backup copy.db')

  expect(code).toBe(1)
  expect(err).toContain('There is a file at copy.db already (state_exists)')
  expect(read('copy.db')).toBe('precious')
})

it('nothing is restored without consent, nor from what is no backup', async () => {
  const { run, write, file, read } = await project()
  write('other.db', 'no database')
  const before = read('caravan.db')

  const unasked = await run(`restore ${file('caravan.db')}`)
  const foreign = await run('restore other.db --yes')

  expect(unasked).toMatchObject({ code: 7 })
  expect(unasked.err).toContain('Say it with --yes.')
  expect(foreign).toMatchObject({ code: 1 })
  expect(foreign.err).toContain('is not a caravan state (backup_unusable)')
  expect(read('caravan.db')).toBe(before)
})

it('of two that write the same file at once, one does and the other says that it is taken', async () => {
  const { run } = await project()

  const ends = await Promise.all([run('backup copy.db'), run('backup copy.db')])

  expect(ends.map(({ code }) => code).toSorted()).toEqual([0, 1])
  expect(ends.find(({ code }) => code === 1)?.err).toContain('(state_exists)')
})
