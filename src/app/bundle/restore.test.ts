import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { haierProject, type Project, project } from '../../testing/program.ts'
import { openApp } from '../app.ts'
import { recipientsOf } from '../keys/index.ts'
import { planConfigRestore, restoreConfig } from './restore.ts'

function appOf({ folder }: Project) {
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: folder, clock: systemClock, signal })
  onTestFinished(() => app.close())
  return app
}

const noPassphrase = () => Promise.reject(new Error('no passphrase was expected'))

/** A receiver with a plan that nobody has agreed to yet. */
async function planned() {
  const from = await haierProject()
  const to = await project()
  const app = appOf(to)
  const [slot] = await recipientsOf((await app.state()).db)
  await from.run(`config bundle out.bundle --for ${slot?.recipient}`)
  return { to, app, plan: await planConfigRestore(app, from.file('out.bundle'), noPassphrase) }
}

it.each([
  ['and changed the file', (text: string) => `${text}# a word\n`],
  ['and left the file', (text: string) => text],
])('takes nothing from another command that stored a secret meanwhile %s', async (_, change) => {
  const { to, app, plan } = await planned()
  await to.run('secret set haier.password', { stdin: 'of another command' })
  const text = change(to.read('integrations.yaml'))
  to.write('integrations.yaml', text)

  await expect(restoreConfig(app, plan)).rejects.toMatchObject({ code: 'config_changed' })

  const store = await appOf(to).secrets()
  expect(await store.read('haier.password')).toBe('of another command')
  expect((await store.list()).map(({ name }) => name)).toEqual(['haier.password'])
  expect(to.read('integrations.yaml')).toBe(text)
  expect(to.everything()).not.toContain('before-restore')
})
