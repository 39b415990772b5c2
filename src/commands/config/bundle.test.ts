import { appendFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { newKey } from '../../config/secrets/keys.ts'
import {
  emptyProject,
  haierProject,
  type Project,
  project,
  type RunOptions,
} from '../../testing/program.ts'
import { keys, startOnTerminal, whyNoTerminal } from '../../testing/terminal.ts'

type Slots = { slots: { recipient: string }[] }
type Restored = {
  changed: boolean
  services: object[]
  secrets: { name: string; change: string }[]
  unset: { path: string; message: string }[]
  faults: string[]
  former: string | null
}

const canaries = { client_secret: 'canary-in-the-file', proxy: 'canary-in-the-proxy' }

/** A sender with secrets in the store, two in clear, and values that only its own machine has. */
async function sender() {
  const made = await haierProject()
  const { read, write, file } = made
  const text = read('integrations.yaml')
    .replace('timezone: UTC', 'timezone: Asia/Shanghai')
    .replace('client_id: ${secret:haier.client_id}', 'client_id: ${HAIER_ID}')
    .replace('${secret:haier.client_secret}', `${canaries.client_secret} # in clear`)
    .replace('password: ${secret:haier.seller_password}', 'password: ${file:seller.txt}')
    .replace(/jobs:\n$/, 'jobs:\n  haier-products: { schedule: "0 3 * * *" }\n')
    .replace('    config:', `    proxy: http://user:${canaries.proxy}@127.0.0.1:9\n    config:`)
  write('integrations.yaml', text)
  rmSync(file('answers.json'))
  const planted = Object.entries(made.twin.config)
    .filter(([name]) => /password|_secret/.test(name))
    .map(([, value]) => String(value))
  return { ...made, planted: [...planted, ...Object.values(canaries)] }
}

async function recipientOf({ run }: Project, env: RunOptions['env'] = {}): Promise<string> {
  const { out, code } = await run('key list --json', { env })
  expect(code).toBe(0)
  return (JSON.parse(out) as Slots).slots[0]?.recipient ?? ''
}

it('carries config, schedules and secrets to the key of another machine, and nothing in clear', async () => {
  const from = await sender()
  const to = await project()
  const original = from.read('integrations.yaml')
  const bundle = from.file('out.bundle')

  const packed = await from.run(`config bundle out.bundle --for ${await recipientOf(to)}`)
  const text = from.read('out.bundle')
  const unasked = await to.run(`config restore ${bundle}`)
  const untouched = to.read('integrations.yaml')
  const first = await to.run(`config restore ${bundle} --yes --json`)
  const restored = JSON.parse(first.out) as Restored
  const config = to.read('integrations.yaml')
  const second = await to.run(`config restore ${bundle} --json`)
  const listed = await to.json<{ secrets: { name: string; flags: string[] }[] }>('secret list')

  expect(packed.code).toBe(0)
  expect(packed.out).toContain('services.haier.config.client_secret, as haier.client_secret')
  expect(packed.out).toContain('${HAIER_ID} of services.haier.config.client_id')
  expect(packed.out).toContain('haier-products: 0 3 * * *')
  expect(statSync(bundle).mode & 0o777).toBe(0o600)
  expect(text).toMatch(/^caravan-bundle-v1\nmade: 20.*\nby: caravan .*\nfor: caravan-recipient-v1:/)
  expect(text).toContain('client_secret: ${secret:haier.client_secret} # in clear')
  expect(from.planted.filter((value) => text.includes(value))).toEqual([])
  expect(from.read('integrations.yaml')).toBe(original)

  expect(unasked).toMatchObject({ code: 7, out: '' })
  expect(unasked.err).toContain('different: timezone')
  expect(unasked.err).toContain(`Replace ${to.file('integrations.yaml')}: nobody was asked`)
  expect(untouched).toContain('timezone: UTC')
  expect(first).toMatchObject({ code: 0 })
  expect(restored).toMatchObject({
    changed: true,
    services: [{ name: 'haier', change: 'new' }],
    jobs: [{ name: 'haier-products', change: 'new' }],
    settings: [
      { name: 'state', change: 'same' },
      { name: 'timezone', change: 'different' },
    ],
    faults: [],
  })
  expect(restored.unset.map(({ path }) => path)).toEqual([
    'services.haier.config.client_id',
    'services.haier.config.seller_password',
  ])
  expect(restored.secrets.every(({ change }) => change === 'new')).toBe(true)
  expect(to.read('integrations.yaml.before-restore')).toContain('timezone: UTC')
  expect(config).toContain('schedule: "0 3 * * *"')
  expect(JSON.parse(second.out)).toMatchObject({ changed: false, former: null })
  expect(to.read('integrations.yaml')).toBe(config)
  expect(listed.secrets.filter(({ flags }) => flags.includes('unused'))).toEqual([])
  expect(from.planted.filter((value) => to.everything().includes(value))).toEqual([])
})

it('works where it was restored: the vendor accepts what came along', async () => {
  const from = await haierProject()
  const env = { CARAVAN_KEY: newKey() }
  const to = emptyProject()
  await to.run('init', { env })
  await from.run(`config bundle out.bundle --for ${await recipientOf(to, env)}`)

  const early = await emptyProject().run(`config restore ${from.file('out.bundle')}`)
  const restored = await to.run(`config restore ${from.file('out.bundle')}`, { env })
  const tested = await to.run('test haier', { env })

  expect(early).toMatchObject({ code: 9, out: '' })
  expect(early.err).toContain('Run "caravan init" first')
  expect(restored).toMatchObject({ code: 0, err: '' })
  expect(tested.code).toBe(0)
})

it('carries to whoever knows a passphrase', async () => {
  const from = await haierProject()
  const to = await project()
  const bundle = from.file('out.bundle')

  const weak = await from.run('config bundle out.bundle --passphrase', { stdin: 'too short' })
  const packed = await from.run('config bundle out.bundle --passphrase', {
    stdin: 'five words are easy to keep\n',
  })
  const wrong = await to.run(`config restore ${bundle}`, { stdin: 'five words are easy to lose' })
  const none = await to.run(`config restore ${bundle}`)
  writeFileSync(to.file('words'), 'five words are easy to keep\n', { mode: 0o600 })
  const right = await to.run(`config restore ${bundle}`, { stdin: 'five words are easy to keep' })
  const again = await to.run(`config restore ${bundle}`, {
    env: { CARAVAN_PASSPHRASE_FILE: to.file('words') },
  })

  expect(weak).toMatchObject({ code: 1, err: expect.stringContaining('at least 12 characters') })
  expect(packed.code).toBe(0)
  expect(from.read('out.bundle')).toContain('passphrase: scrypt 131072 8 1 ')
  expect(wrong).toMatchObject({ code: 12, out: '' })
  expect(wrong.err).toContain('this is not the passphrase')
  expect(none).toMatchObject({ code: 2, out: '' })
  expect(none.err).toContain('with CARAVAN_PASSPHRASE_FILE.')
  expect(right).toMatchObject({ code: 0, err: '' })
  expect(again.err).toContain('everything is here already')
  expect((await to.run('test haier')).code).toBe(0)
})

it('asks before it replaces anything, and keeps where the state and the key lie', async () => {
  const from = await haierProject()
  const to = await haierProject()
  from.write(
    'integrations.yaml',
    from.read('integrations.yaml').replace('\nstate: ./caravan.db', ''),
  )
  await from.run('secret set haier.client_secret', { stdin: 'another' })
  to.write('integrations.yaml', to.read('integrations.yaml').replace('./caravan.db', 'caravan.db'))
  const before = to.read('integrations.yaml')
  await from.run(`config bundle out.bundle --for ${await recipientOf(to)}`)
  const again = await from.run(`config bundle out.bundle --for ${await recipientOf(to)}`)

  const unasked = await to.run(`config restore ${from.file('out.bundle')}`)
  const untouched = to.read('integrations.yaml')
  const restored = await to.run(`config restore ${from.file('out.bundle')} --yes --json`)

  expect(again).toMatchObject({ code: 1, out: '' })
  expect(again.err).toContain('there is a file already')
  expect(unasked).toMatchObject({ code: 7, out: '' })
  expect(unasked.err).toContain('different: haier')
  expect(unasked.err).toContain('different: haier.client_secret')
  expect(unasked.err).toContain('integrations.yaml and the value of haier.client_secret: nobody')
  expect(untouched).toBe(before)
  expect(JSON.parse(restored.out)).toMatchObject({ kept_here: ['state'], changed: true })
  expect(to.read('integrations.yaml')).toContain('state: caravan.db')
  expect(to.read('integrations.yaml.before-restore')).toBe(before)
  expect((await to.run('test haier')).code).toBe(4) // with the secret of the sender
})

it('opens with no other key', async () => {
  const from = await haierProject()
  const [to, third] = [await project(), await project()]
  await from.run(`config bundle out.bundle --for ${await recipientOf(to)}`)

  const { code, out, err } = await third.run(`config restore ${from.file('out.bundle')}`)

  expect({ code, out }).toEqual({ code: 12, out: '' })
  expect(err).toContain('was sealed for another key')
  expect(err).toContain(await recipientOf(third))
})

it('restores nothing of what was altered, cut or is no bundle, and says what it is', async () => {
  const from = await haierProject()
  const to = await project()
  await from.run(`config bundle out.bundle --for ${await recipientOf(to)}`)
  const whole = from.read('out.bundle')
  const [before, file] = [to.read('integrations.yaml'), from.file('bad.bundle')]
  const cases: [text: string, told: string][] = [
    [whole.replace('adapter: haier', 'adapter: haieR'), 'was altered'],
    [whole.slice(0, whole.length / 2), 'its end is missing'],
    ['version: 1\n', 'it is not a bundle'],
    ['x'.repeat(17_000_000), 'larger than 16000000 bytes'],
  ]
  for (const [text, told] of cases) {
    writeFileSync(file, text)

    const { code, out, err } = await to.run(`config restore ${file} --yes`)

    expect({ told, code, out }).toEqual({ told, code: 1, out: '' })
    expect(err).toContain(told)
  }
  const state = await to.run(`config restore ${from.file('caravan.db')}`)
  const missing = await to.run('config restore nowhere.bundle')

  expect(state.err).toContain('A backup is restored with: caravan restore ')
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('there is no such file') })
  expect(to.read('integrations.yaml')).toBe(before)
  expect(await to.json('secret list')).toEqual({ secrets: [] })
})

it('takes no literal along that it cannot seal, and masks comments', async () => {
  const from = await haierProject()
  const to = await recipientOf(await project())
  const text = from.read('integrations.yaml')
  const withDefault = text.replace('${secret:haier.password}', '${HAIER_PASSWORD:-canary-default}')
  from.write('integrations.yaml', withDefault)
  const refused = await from.run(`config bundle out.bundle --for ${to}`)
  from.write('integrations.yaml', text)
  appendFileSync(from.file('integrations.yaml'), '# password: canary-comment\n')
  const masked = await from.run(`config bundle out.bundle --for ${to}`)
  const nobody = await from.run('config bundle other.bundle')
  const misspelt = await from.run(`config bundle other.bundle --for ${to}x`)

  expect(refused).toMatchObject({ code: 9, out: '' })
  expect(refused.err).toContain('services.haier.config.password')
  expect(refused.err).not.toContain('canary')
  expect(masked.code).toBe(0)
  expect(from.read('out.bundle')).not.toContain('canary')
  expect(nobody).toMatchObject({ code: 2, out: '' })
  expect(misspelt).toMatchObject({ code: 12, out: '' })
})

describe.skipIf(whyNoTerminal())('on a terminal', () => {
  it('asks for consent once it has shown what would change', async () => {
    const [from, to] = [await haierProject(), await haierProject()]
    await from.run(`config bundle out.bundle --for ${await recipientOf(to)}`)
    const { folder } = to
    const before = to.read('integrations.yaml')
    const terminal = startOnTerminal(`config restore ${from.file('out.bundle')}`, { cwd: folder })

    await terminal.prints('Replace ')
    terminal.type(`n${keys.enter}`)
    const { code, screen } = await terminal.ended

    expect(code).toBe(7)
    expect(screen).toContain('different: haier')
    expect(to.read('integrations.yaml')).toBe(before)
  })
})
