import { expect, it } from 'vitest'
import { haierProject, project } from '../../testing/program.ts'

type Version = { version: number; by: string; command: string; faults: number; summary: string }
type Diff = { differs: boolean; changes: object[] | null; lines: string[] }

const versionsOf = async (json: (words: string) => Promise<unknown>): Promise<Version[]> =>
  ((await json('config history')) as { versions: Version[] }).versions

const withTimeout = (text: string, timeout: string): string =>
  text.replace('adapter: haier\n', `adapter: haier\n    timeout: ${timeout}\n`)

it('records a version when a command meets a new file, with who, what and how many faults', async () => {
  const { run, json, read, write } = await haierProject()
  const text = read('integrations.yaml')
  await run('list')
  await run('list')
  write('integrations.yaml', withTimeout(text, '10s'))
  await run('status', { env: { USER: 'anna' } })
  write('integrations.yaml', withTimeout(text, '10s').replace('jobs:', 'job:'))
  await run('list')

  const versions = await versionsOf(json)
  const table = await run('config history --limit 1')

  expect(versions.map(({ version }) => version)).toEqual([4, 3, 2, 1])
  expect(versions.slice(0, 2)).toMatchObject([
    { by: 'tester', command: 'list', faults: 1 },
    { by: 'anna', command: 'status', faults: 0, summary: 'services.haier.timeout added' },
  ])
  expect(versions[3]?.summary).toMatch(/^first version: \d services?, \d jobs?$/)
  expect(table.out).toMatch(/^VERSION +LOADED +BY +COMMAND +FAULTS +CHANGES\n +4 .*\n$/)
})

it('a command that writes the file is the one that is recorded', async () => {
  const { run, json } = await haierProject()

  await run('remove haier --yes')

  expect((await versionsOf(json))[0]).toMatchObject({
    command: 'remove',
    summary: 'services.haier removed',
  })
})

it('many processes at once record a new file once', async () => {
  const { run, json, read, write } = await haierProject()
  await run('list')
  write('integrations.yaml', withTimeout(read('integrations.yaml'), '10s'))

  const ended = await Promise.all(Array.from({ length: 6 }, () => run('list')))

  expect(ended.map(({ code, err }) => ({ code, err }))).toEqual(
    Array.from({ length: 6 }, () => ({ code: 0, err: '' })),
  )
  const summaries = (await versionsOf(json)).map(({ summary }) => summary)
  expect(summaries.filter((each) => each === 'services.haier.timeout added')).toHaveLength(1)
})

it('shows what differs as text and as keys, exit 14; and exit 0 when nothing does', async () => {
  const { run, read, write } = await haierProject()
  await run('list')
  const same = await run('config diff')
  write('integrations.yaml', withTimeout(read('integrations.yaml'), '10s'))

  const shown = await run('config diff')
  const { out, code } = await run('config diff --json')
  const diff = JSON.parse(out) as Diff
  await run('list')
  const recorded = await run('config diff')
  const back = await run('config diff now 2')
  const unknown = await run('config diff 77')
  const wrong = await run('config diff last')

  expect(same).toMatchObject({ code: 0, out: '' })
  expect(shown.code).toBe(14)
  expect(shown.out).toMatch(/^--- version \d \(.* UTC, \w+\)\n\+\+\+ the file now\n@@ -\d/)
  expect(shown.out).toContain('\n+    timeout: 10s\n')
  expect(shown.out).toMatch(/\nservices.haier.timeout {2}added: 10s\n$/)
  expect(code).toBe(14)
  expect(diff).toMatchObject({
    from: { version: 2 },
    to: { version: null },
    differs: true,
    changes: [{ path: 'services.haier.timeout', change: 'added', before: null, after: '10s' }],
  })
  expect(recorded.code).toBe(0)
  expect(back.out).toMatch(/services.haier.timeout {2}removed; it was 10s\n/)
  expect(unknown).toMatchObject({
    code: 10,
    err: expect.stringContaining('there is no version 77'),
  })
  expect(wrong.code).toBe(2)
})

it('puts a version back byte by byte, after consent, and records that', async () => {
  const { run, json, read, write } = await haierProject()
  const original = `# mine\r\n${read('integrations.yaml').replaceAll('\n', '\r\n')}# no end`
  write('integrations.yaml', original)
  await run('list')
  const [{ version } = { version: 0 }] = await versionsOf(json)
  write('integrations.yaml', withTimeout(original.replaceAll('\r\n', '\n'), '10s'))

  const unasked = await run(`config rollback ${version}`)
  const before = read('integrations.yaml')
  const done = await run(`config rollback ${version} --yes`)
  const again = await run(`config rollback ${version} --yes`)

  expect(unasked).toMatchObject({ code: 7, out: '' })
  expect(unasked.err).toContain('services.haier.timeout  removed; it was 10s')
  expect(before).toContain('timeout: 10s')
  expect(done.code).toBe(0)
  expect(done.out).toContain(`version ${version} is back`)
  expect(read('integrations.yaml')).toBe(original)
  expect(again.out).toContain('already')
  // What was replaced is a version too, so that there is a way back.
  expect((await versionsOf(json)).slice(0, 2)).toMatchObject([
    { version: version + 2, command: 'config rollback' },
    { version: version + 1, command: 'config rollback' },
  ])
})

it('helps when the file is no YAML any more', async () => {
  const { run, read, write } = await haierProject()
  await run('list')
  const original = read('integrations.yaml')
  const { versions } = JSON.parse((await run('config history --json')).out) as {
    versions: Version[]
  }
  const latest = versions[0]?.version ?? 0
  write('integrations.yaml', original.replace('services:', 'services: ['))

  const listed = await run('config history')
  const diff = await run('config diff')
  const broken = read('integrations.yaml')
  const rollback = await run(`config rollback ${latest} --yes`)

  expect(listed.code).toBe(0)
  expect(diff.code).toBe(14)
  expect(diff.out).toContain('-services:\n+services: [')
  expect(rollback.code).toBe(0)
  expect(read('integrations.yaml')).toBe(original)
  // It has no version: without a copy an hour of editing would be gone.
  expect(rollback.out).toMatch(/former +.*integrations\.yaml\.before-rollback\n/)
  expect(read('integrations.yaml.before-rollback')).toBe(broken)
})

it('keeps a copy of secrets in clear that no version holds', async () => {
  const { run, json, read, write, file } = await haierProject()
  await run('list')
  const [{ version } = { version: 0 }] = await versionsOf(json)
  const present = read('integrations.yaml').replace(/client_secret: .*/, 'client_secret: in-clear')
  write('integrations.yaml', present)

  const { former } = await json<{ former: string }>(`config rollback ${version} --yes`)

  expect(former).toBe(file('integrations.yaml.before-rollback'))
  expect(read('integrations.yaml.before-rollback')).toBe(present)
})

it('says which secrets in clear it did not compare', async () => {
  const { run, json, read, write } = await haierProject()
  const original = read('integrations.yaml')
  write('integrations.yaml', original.replace(/client_secret: .*/, 'client_secret: first'))
  await run('list')
  const [{ version } = { version: 0 }] = await versionsOf(json)
  write('integrations.yaml', original.replace(/client_secret: .*/, 'client_secret: second'))
  const told =
    'but for secrets in clear, which are not kept: services.haier.config.client_secret.\n'

  const diff = await run('config diff')
  const rollback = await run(`config rollback ${version}`)

  expect(diff).toMatchObject({ code: 0, out: '', err: expect.stringContaining(told) })
  expect(rollback.code).toBe(0)
  expect(rollback.err).toContain(told)
  expect(await json('config diff')).toMatchObject({
    differs: false,
    not_compared: ['services.haier.config.client_secret'],
  })
})

it('refuses a version that would not be valid today', async () => {
  const { run, read, write } = await haierProject()
  const original = read('integrations.yaml')
  write('integrations.yaml', withTimeout(original, 'soon'))
  await run('list')
  write('integrations.yaml', original)
  await run('list')
  const { versions } = JSON.parse((await run('config history --json')).out) as {
    versions: Version[]
  }
  const faulty = versions.find(({ faults }) => faults > 0)?.version ?? 0

  const { code, err } = await run(`config rollback ${faulty} --yes`)

  expect(code).toBe(9)
  expect(err).toMatch(/services.haier.timeout: must be a whole number and a unit/)
  expect(read('integrations.yaml')).toBe(original)
})

const clear = (secrets: string, more = ''): string => `version: 1
services:
  # password: canary-comment
  haier:
    adapter: haier
    proxy: http://user:canary-proxy@127.0.0.1:9
    config:
      ${secrets}
      customer_code: "8800633175" # ${more}
      password: "\${secret:haier.password}"
      seller_password: "\${SELLER:-canary-default}"
  other: { adapter: no-such, config: { pin: canary-unknown } }
canary_key: canary-top
`

it('keeps and shows no secret that stands in the file in clear', async () => {
  const { run, write, everything, file, read } = await project()
  write('integrations.yaml', clear('{}'))
  const first = clear('client_id: canary-one\n      client_secret: "canary-two"')
  write('integrations.yaml', first)
  let printed = ''
  const note = async (words: string) => {
    const { out, err } = await run(words)
    printed += out + err
  }
  for (const words of ['list', 'status', 'show haier', 'show other', 'config check'])
    await note(words)
  write('integrations.yaml', first.replace('canary-two', 'canary-three').replace('# ', '# now '))
  for (const words of ['config diff', 'list', 'config history --json', 'config diff 1 --json'])
    await note(words)
  write('integrations.yaml', `${first}broken: [\n`)
  await note('config diff')
  write('integrations.yaml', first)
  for (const words of [
    'config explain',
    'config explain --json',
    'config rollback 1',
    'backup copy.db',
  ])
    await note(words)

  expect(printed).not.toContain('canary-')
  // The file itself is the one place where they stand.
  expect(read('integrations.yaml')).toContain('canary-one')
  write('integrations.yaml', '')
  expect(everything()).not.toContain('canary-')
  expect(file('copy.db')).toBeTruthy()
})

it('fills what it does not keep from the present file, or names what is missing', async () => {
  const { run, write, read } = await haierProject()
  const original = read('integrations.yaml')
  const old = original.replace(/client_id: .*/, 'client_id: canary-one # old')
  write('integrations.yaml', old)
  await run('list')
  const { versions } = JSON.parse((await run('config history --json')).out) as {
    versions: Version[]
  }
  const number = versions[0]?.version ?? 0
  write('integrations.yaml', original.replace(/\n *client_id: .*/, ''))

  const refused = await run(`config rollback ${number} --yes`)
  write(
    'integrations.yaml',
    withTimeout(original, '10s').replace(/client_id: .*/, "client_id: 'two'"),
  )
  const done = await run(`config rollback ${number} --yes`)

  expect(refused.code).toBe(4)
  expect(refused.err).toContain('  services.haier.config.client_id\n')
  expect(done.code).toBe(0)
  expect(read('integrations.yaml')).toBe(old.replace('canary-one', "'two'"))
})
