import { symlinkSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { HaierConfig } from '../adapters/haier/config.ts'
import { systemClock } from '../core/clock.ts'
import { startChild } from '../testing/child.ts'
import { haierProject, type Project } from '../testing/program.ts'
import { openApp } from './app.ts'
import { checkConfig } from './config.ts'
import { editableService, editService } from './edit-service.ts'
import { listSecrets } from './secrets.ts'

/** What the service would be called with now, and the secrets that nothing names. */
async function look({ folder }: Project) {
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: folder, clock: systemClock, signal })
  try {
    const { faults } = await checkConfig(app)
    const config = (await app.service('haier')).config as HaierConfig
    const secrets = await listSecrets(app)
    return {
      faults,
      account: `${config.supplier_code} ${config.password.reveal()} ${config.client_secret.reveal()}`,
      unused: secrets.filter(({ flags }) => flags.includes('unused')).map(({ name }) => name),
    }
  } finally {
    await app.close()
  }
}

const moments = [
  'before the secrets',
  'after the secrets',
  'before the file',
  'after the file',
  'after the old secret',
]

it('leaves all of the old or all of the new, at whatever moment it is killed', async () => {
  const made = await haierProject()
  let { account } = await look(made)

  for (const [at, moment] of moments.entries()) {
    const [password, client_secret] = [`password ${at}`, `secret ${at}`]
    const values = { supplier_code: `200${at}`, password, client_secret }
    const child = startChild('edit-child.ts', moment, made.folder, JSON.stringify(values))
    expect(await child.ended).toBeNull() // killed

    const seen = await look(made)

    if (at >= moments.indexOf('after the file')) account = Object.values(values).join(' ')
    expect({ moment, ...seen }).toMatchObject({ account, faults: [] })
  }
  await editOnce(made, { supplier_code: '1003', password: 'last', client_secret: 'secret' })

  expect(await look(made)).toEqual({ account: '1003 last secret', faults: [], unused: [] })
})

it('replaces several secrets at once or none, when the file stays as it is', async () => {
  const made = await haierProject()
  const { account: old } = await look(made)
  const file = made.read('integrations.yaml')
  const values = JSON.stringify({ password: 'new-password', client_secret: 'new-secret' })
  const killedAt = async (moment: string) => {
    await startChild('edit-child.ts', moment, made.folder, values).ended
    return look(made)
  }

  const before = await killedAt('before the secrets')
  const after = await killedAt('after the secrets')

  expect(before).toEqual({ account: old, faults: [], unused: [] })
  expect(after).toMatchObject({ account: '1001 new-password new-secret', unused: [] })
  expect(made.read('integrations.yaml')).toBe(file)
})

it('takes the new secrets back when the file cannot be written', async () => {
  const made = await haierProject()
  const before = await look(made)
  // Another process holds the file: this one, as far as anybody can tell.
  symlinkSync(String(process.pid), made.file('.integrations.yaml.lock'))

  const editing = editOnce(made, { supplier_code: '1002', password: 'new-password' })

  await expect(editing).rejects.toMatchObject({ code: 'config_changed' })
  expect(await look(made)).toEqual(before)
})

it('writes nothing when the file was changed while it asked', async () => {
  const made = await haierProject()
  const before = await look(made)
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: made.folder, clock: systemClock, signal })
  const editable = await editableService(app, 'haier')
  made.write('integrations.yaml', `${made.read('integrations.yaml')}# a word\n`)

  const wanted = {
    values: { password: 'new' },
    unset: [],
    test: 'skip',
    say: () => undefined,
  } as const
  const editing = editService(app, editable, wanted).finally(() => app.close())

  await expect(editing).rejects.toMatchObject({ code: 'config_changed' })
  expect(await look(made)).toEqual(before)
})

async function editOnce({ folder }: Project, values: Record<string, unknown>): Promise<void> {
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: folder, clock: systemClock, signal })
  const wanted = { values, unset: [], test: 'skip', say: () => undefined } as const
  await editService(app, await editableService(app, 'haier'), wanted).finally(() => app.close())
}

it('two edits at once: one is refused, and no secret of the other is lost', async () => {
  const made = await haierProject()
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: made.folder, clock: systemClock, signal })
  const open = app.secrets
  const other: Promise<void>[] = []
  app.secrets = async () => {
    const store = await open()
    return {
      ...store,
      async writeAll(secrets) {
        other.push(editOnce(made, { supplier_code: '1002', password: 'of the other' }))
        await Promise.allSettled(other)
        await store.writeAll(secrets)
      },
    }
  }
  const wanted = {
    values: { supplier_code: '1003', password: 'of this one' },
    unset: [],
    test: 'skip',
    say: () => undefined,
  } as const

  const editing = editService(app, await editableService(app, 'haier'), wanted)
  const [mine] = await Promise.allSettled([editing])
  const [theirs] = await Promise.allSettled(other)
  await app.close()

  expect([mine?.status, theirs?.status].toSorted()).toEqual(['fulfilled', 'rejected'])
  const { account, faults, unused } = await look(made)
  const kept = mine?.status === 'fulfilled' ? '1003 of this one' : '1002 of the other'
  expect({ faults, unused }).toEqual({ faults: [], unused: [] })
  expect(account).toContain(kept)
})
