import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { examined, foundBy } from '../../testing/doctor.ts'
import { emptyProject, project } from '../../testing/program.ts'
import { judge } from './disk.ts'

const gb = 1024 ** 3

it.each`
  bytes        | files        | wanted    | severities
  ${2 * gb}    | ${undefined} | ${gb}     | ${[]}
  ${gb - 1}    | ${5000}      | ${gb}     | ${['warning']}
  ${3 * gb}    | ${5000}      | ${4 * gb} | ${['warning']}
  ${gb / 1000} | ${5000}      | ${gb}     | ${['problem']}
  ${2 * gb}    | ${900}       | ${gb}     | ${['warning']}
  ${0}         | ${0}         | ${gb}     | ${['problem', 'problem']}
`('$bytes bytes and $files files free are $severities', ({ bytes, files, wanted, severities }) => {
  const found = judge('/srv', bytes, files, wanted)

  expect(found.map(({ severity }) => severity)).toEqual(severities)
})

/** A disk of 2 MB with room for 50 files; undefined where this user may not make one. */
function smallDisk(folder: string): string | undefined {
  const path = join(folder, 'small')
  mkdirSync(path)
  const options = ['-t', 'tmpfs', '-o', 'size=2m,nr_inodes=50', 'tmpfs', path]
  if (spawnSync('mount', options).status !== 0) return undefined
  onTestFinished(() => void spawnSync('umount', [path]))
  return path
}

it('finds a small disk and its few files', async () => {
  const home = await project()
  const small = smallDisk(home.folder)
  if (!small) return void process.stderr.write('Skipped: no disk can be mounted here\n')
  writeFileSync(join(small, 'integrations.yaml'), 'version: 1\n')

  const found = await foundBy('disk', { folder: small })

  expect(found).toMatchObject([
    {
      severity: 'problem',
      what: expect.stringMatching(/^(1\.\d|2\.[01]) MB are free on the disk of .*small$/),
    },
    { severity: 'warning', what: expect.stringContaining('has room for only 4') },
  ])
  expect(found[0]?.mend).toContain('du -xh')
})

it('looks at the disk that a folder still to be made would be on', async () => {
  const home = emptyProject()
  home.write('integrations.yaml', 'version: 1\nstate: ./not/yet/caravan.db\n')

  const { findings } = await examined(home)

  expect(findings.filter(({ what }) => what.includes('could not be looked at'))).toEqual([])
  expect(findings.find(({ check }) => check === 'state')?.mend).toBe(
    'A new project begins with: caravan init; A lost file comes back with: caravan restore <backup>',
  )
})
