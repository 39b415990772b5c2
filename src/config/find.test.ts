import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { exitOf } from '../core/errors.ts'
import { findConfig } from './find.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'caravan-find-'))
  await mkdir(join(home, 'xdg/caravan'), { recursive: true })
  await mkdir(join(home, 'here'))
})

it('prefers this folder to the home folder', async () => {
  const env = { XDG_CONFIG_HOME: join(home, 'xdg') }
  const far = join(home, 'xdg/caravan/integrations.yaml')
  const near = join(home, 'here/integrations.yaml')
  await writeFile(far, '')

  const before = findConfig({ env, cwd: join(home, 'here') })
  await writeFile(near, '')
  const after = findConfig({ env, cwd: join(home, 'here') })

  expect([before, after]).toEqual([far, near])
})

it('looks nowhere else when a place was named', async () => {
  await writeFile(join(home, 'here/integrations.yaml'), '')
  const cwd = join(home, 'here')

  expect(() => findConfig({ flag: 'other.yaml', env: {}, cwd })).toThrow(
    /other\.yaml {2}\(--config\)/,
  )
  expect(() => findConfig({ env: { CARAVAN_CONFIG: '/no/such' }, cwd })).toThrow('CARAVAN_CONFIG')
})

it('names every place and the command that helps', () => {
  const find = () => findConfig({ env: { XDG_CONFIG_HOME: '/x' }, cwd: '/nowhere' })

  const error = (() => {
    try {
      return find()
    } catch (thrown) {
      return thrown
    }
  })() as Error & { hint: string }

  expect(error.message).toMatchInlineSnapshot(`
    "there is no integrations.yaml. Looked at:
      /nowhere/integrations.yaml  (this folder)
      /x/caravan/integrations.yaml  (XDG_CONFIG_HOME)
      /etc/caravan/integrations.yaml  (whole machine)"
  `)
  expect(error.hint).toContain('caravan init')
  expect(exitOf(error)).toBe('config')
})
