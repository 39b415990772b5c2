import { describe, expect, it } from 'vitest'
import { haierProject } from '../testing/program.ts'
import { keys, plain, startOnTerminal, whyNoTerminal } from '../testing/terminal.ts'

type Edited = { changed: { field: string; stored_as: string | null }[]; test: string | null }
type Listed = { secrets: { name: string; updated_at: string; used_by: string[] }[] }

/** The secrets of a project with their instants of change: what must stay when an edit fails. */
const stored = async ({ json }: Awaited<ReturnType<typeof haierProject>>) =>
  Object.fromEntries(
    (await json<Listed>('secret list')).secrets.map(({ name, updated_at }) => [name, updated_at]),
  )

it('replaces a secret in place, after a test with the new value', async () => {
  const made = await haierProject()
  const { twin, run, read, everything } = made
  const file = read('integrations.yaml')
  const before = await stored(made)
  const refused = await run('edit haier --client-secret - --json', { stdin: 'planted-wrong' })
  const afterwards = await stored(made)

  const kept = await run('edit haier --client-secret -', {
    stdin: String(twin.config.client_secret),
  })
  const tested = await run('test haier')

  expect(refused.code).toBe(4)
  expect(refused.out).toBe('')
  expect(refused.err).toMatch(/^✗ haier check: /)
  expect(refused.err).toContain('Nothing was saved.\n')
  expect(afterwards).toEqual(before)
  expect(kept).toMatchObject({ code: 0, err: 'Nothing was changed: haier is so already.\n' })
  expect(tested.code).toBe(0)
  expect(read('integrations.yaml')).toBe(file)
  expect(everything()).not.toContain('planted-wrong')
})

it('takes fields out with their secrets, and brings one back under its own name', async () => {
  const made = await haierProject()
  const { run, read, write, json } = made
  const file = read('integrations.yaml')
  write('less.json', JSON.stringify({ ylh_app_secret: null }))

  const without = await run('edit haier --unset ylh-app-key --answers less.json --timeout 20s')
  const names = Object.keys(await stored(made))
  const shorter = read('integrations.yaml')
  const withIt = await run(
    'edit haier --ylh-app-key sandbox-app --ylh-app-secret - --unset timeout --no-test',
    { stdin: 'first' },
  )
  const between = read('integrations.yaml')
  const again = await run('edit haier --ylh-app-secret - --no-test --json', { stdin: 'second' })

  expect(without).toMatchObject({ code: 0, err: '' })
  expect(without.out).toContain('ylh_app_key: sandbox-app → not set')
  expect(names).not.toContain('haier.ylh_app_secret')
  expect(shorter).not.toContain('ylh_app')
  expect(withIt).toMatchObject({ code: 0, err: '' })
  expect(withIt.out).toContain('timeout: 20s → not set')
  expect(withIt.out).toContain('ylh_app_secret: a new value, stored as haier.ylh_app_secret')
  expect(between).toBe(file)
  expect(JSON.parse(again.out)).toMatchObject({
    service: 'haier',
    changed: [
      {
        field: 'ylh_app_secret',
        before: '${secret:haier.ylh_app_secret}',
        after: '${secret:haier.ylh_app_secret}',
        stored_as: 'haier.ylh_app_secret',
      },
    ],
    test: null,
  })
  expect(read('integrations.yaml')).toBe(file)
  expect(await json('config check')).toMatchObject({ faults: [] })
})

it('gives a secret that changes together with the file a new name, so that the file decides which holds', async () => {
  const made = await haierProject()
  const { run, read, twin } = made
  const account = `--supplier-code 1002 --password -`

  const first = await run(`edit haier ${account} --no-test`, { stdin: 'new-password' })
  const names = Object.keys(await stored(made))
  const back = await run(`edit haier --supplier-code 1001 --password -`, {
    stdin: String(twin.config.password),
  })

  expect(first).toMatchObject({ code: 0, err: '' })
  expect(names).toContain('haier.password-2')
  expect(names).not.toContain('haier.password')
  expect(back).toMatchObject({ code: 0, err: '' })
  expect(read('integrations.yaml')).toContain('password: ${secret:haier.password}\n')
  expect(Object.keys(await stored(made))).not.toContain('haier.password-2')
})

it('leaves a secret that others use as it is', async () => {
  const made = await haierProject()
  const { run, read, write } = made
  write(
    'integrations.yaml',
    read('integrations.yaml')
      .replace('${secret:haier.password}', '${secret:shared}')
      .replace(
        '\n# Jobs',
        '\n  second: { adapter: haier, config: { password: "${secret:shared}" } }\n\n# Jobs',
      ),
  )
  await run('secret set shared', { stdin: 'for-both' })
  const before = await stored(made)

  const { code, err } = await run('edit haier --password - --no-test', { stdin: 'for-one' })

  expect(code).toBe(0)
  expect(err).toContain(
    'shared is used by second too and stays as it is; password is now haier.password.',
  )
  expect(read('integrations.yaml')).toContain('password: ${secret:haier.password}')
  expect(read('integrations.yaml')).toContain('{ password: "${secret:shared}" }')
  expect(await stored(made)).toMatchObject({ shared: before.shared })
})

it('moves a value of the environment into the store, and back', async () => {
  const made = await haierProject()
  const { run, read, write } = made
  const line = 'password: ${HAIER_PASSWORD}  # set by systemd'
  write(
    'integrations.yaml',
    read('integrations.yaml').replace('password: ${secret:haier.password}', line),
  )
  await run('secret remove haier.password --yes')

  const moved = await run('edit haier --password - --no-test', { stdin: 'typed' })
  const between = read('integrations.yaml')
  const back = await run('edit haier --password ${HAIER_PASSWORD} --no-test')

  expect(moved).toMatchObject({ code: 0, err: '' })
  expect(between).toContain('password: ${secret:haier.password}  # set by systemd')
  expect(back).toMatchObject({ code: 0, err: '' })
  expect(read('integrations.yaml')).toContain(line)
  expect(Object.keys(await stored(made))).not.toContain('haier.password')
})

it('refuses what makes no service, with words that help, and changes nothing', async () => {
  const made = await haierProject()
  const { run, read } = made
  const before = { file: read('integrations.yaml'), secrets: await stored(made) }

  for (const [words, exit, told] of refused) {
    const { code, out, err } = await run(words)

    expect({ words, code, out }).toEqual({ words, code: exit, out: '' })
    expect(err).toContain(told)
    expect(err).not.toContain('planted')
  }

  expect({ file: read('integrations.yaml'), secrets: await stored(made) }).toEqual(before)
})

const refused: [words: string, exit: number, told: string][] = [
  ['edit', 2, 'which service is to be edited?'],
  ['edit haire', 10, 'Did you mean haier?'],
  ['edit haier', 2, 'what of haier is to be changed?'],
  ['edit haier --customer-code 12', 2, 'customer_code: must be 10 digits'],
  ['edit haier --timeout soon', 2, 'timeout: must be a whole number and a unit'],
  ['edit haier --weight 0', 2, 'weight: '],
  ['edit haier --unset pasword', 2, 'pasword: unknown field; did you mean password?'],
  ['edit haier --unset password', 2, 'password: is needed and cannot be taken out'],
  ['edit haier --unset timeout --timeout 3s', 2, 'timeout: is to be set and unset at once'],
  ['edit haier --client-secrt x', 2, 'Did you mean --client-secret?'],
  ['edit haier --password planted', 2, 'a secret on the command line can be read by everybody'],
  ['edit haier --unset ylh-username', 9, 'belong together'],
  ['edit haier --unset ylh-username --no-test', 9, 'belong together'],
  ['edit haier --password ${UNSET_HERE}', 4, 'the environment variable UNSET_HERE is not set'],
]

it('keeps a test of new values from counting against the service', async () => {
  const { run, json } = await haierProject()
  for (let times = 0; times < 3; times += 1) {
    await run('edit haier --base-url http://127.0.0.1:9')
  }

  const shown = await json<{ breaker: string }>('show haier')
  const { code } = await run('test haier')

  expect(shown.breaker).toBe('closed')
  expect(code).toBe(0)
})

it('saves untested when asked to', async () => {
  const { run, json, read } = await haierProject()

  const { code, out, err } = await run('edit haier --client-secret - --save-untested --json', {
    stdin: 'wrong',
  })

  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ test: null, test_failed: expect.stringMatching(/./) })
  expect(err).toContain('The connection test failed: ')
  expect(read('integrations.yaml')).toContain('${secret:haier.client_secret}')
  expect((await run('test haier')).code).toBe(4)
  expect(await json<Edited>('edit haier --timeout 5s --no-test')).toMatchObject({ test: null })
})

it('repairs a service with a fault', async () => {
  const { run, read, write, json } = await haierProject()
  const file = read('integrations.yaml')
  write('integrations.yaml', file.replace(/customer_code: .*/, 'customer_code: 12'))

  const { code, err } = await run('edit haier --customer-code 8800633175')

  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(await json('config check')).toMatchObject({ faults: [] })
})

it('shows the fields of the service in its help', async () => {
  const { run } = await haierProject()

  const { code, out } = await run('edit haier --help')

  expect(code).toBe(0)
  expect(out).toMatch(/Fields of haier:\n.*--client-secret <value>.*--timeout <value>/s)
})

describe.skipIf(whyNoTerminal())('on a terminal', () => {
  it('asks which fields and then for those alone, never showing a secret', async () => {
    const made = await haierProject()
    const { folder, read } = made
    const terminal = startOnTerminal('edit haier --no-test', { cwd: folder })

    await terminal.prints('What of haier is to be changed?')
    await terminal.prints('client_secret')
    terminal.type(' ') // environment
    for (let down = 0; down < 5; down += 1) terminal.type(keys.down)
    terminal.type(` ${keys.enter}`) // client_secret
    await terminal.prints('? environment')
    terminal.type(keys.enter)
    await terminal.prints('leave empty to keep')
    terminal.type(`planted-typed${keys.enter}`)
    const { code, screen } = await terminal.ended

    expect(code).toBe(0)
    expect(plain(screen)).toContain('client_secret: a new value')
    expect(screen).not.toContain('planted-typed')
    expect(read('integrations.yaml')).toContain('environment: ')
  })
})
