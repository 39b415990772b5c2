import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, truncateSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { haierProject, project, type Project } from '../testing/program.ts'

const secretSet = (home: Project, env?: Record<string, string>) =>
  home.run('secret set token', { stdin: 'value', env })

const spoilt: [what: string, spoil: (home: Project) => void, told: string][] = [
  [
    'missing',
    ({ file }) => rmSync(file('caravan.db')),
    '(state_missing)\n  A new project begins with: caravan init',
  ],
  [
    'empty',
    ({ file }) => truncateSync(file('caravan.db'), 0),
    'is empty: its content was lost (state_empty)',
  ],
  [
    'foreign',
    ({ write }) => write('caravan.db', 'no database at all'),
    'is not a caravan state (state_foreign)',
  ],
  ['cut off', ({ file }) => truncateSync(file('caravan.db'), 8192), 'is cut off: it has 2 of its '],
  ['from a newer caravan', makeNewer, '(version 99 of the file; this program knows '],
]

it.each(spoilt)('a state that is %s is refused and left as it is', async (_, spoil, told) => {
  const home = await project()
  spoil(home)
  const bytes = () => (existsSync(home.file('caravan.db')) ? home.read('caravan.db') : undefined)
  const before = bytes()

  const { code, out, err } = await home.run('list')

  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain(told)
  expect(bytes()).toBe(before)
})

function makeNewer({ file }: Project): void {
  const db = new Sqlite(file('caravan.db'))
  db.pragma('user_version = 99')
  db.close()
}

it('an older copy beside the journal of a later state is refused', async () => {
  const { run, file, start, twin } = await haierProject()
  copyFileSync(file('caravan.db'), file('backup.db'))
  twin.faults.add({ fault: 'latency', delay_ms: 60_000, path: 'roduct' })
  const sync = start('sync haier-products')
  while (!(await run('runs --json')).out.includes('"running"'));
  sync.process.kill('SIGKILL')
  await sync.ended
  copyFileSync(file('backup.db'), file('caravan.db'))

  const { code, err } = await run('list')

  expect(code).toBe(1)
  expect(err).toContain('(state_stale_wal)')
})

it.each([
  [
    'missing',
    ({ file }: Project) => rmSync(file('caravan.key')),
    'there is no key to open the secrets with',
  ],
  [
    'no key',
    ({ write }: Project) => write('caravan.key', 'garbage'),
    'does not begin with "caravan-key-v1:" (key_malformed)',
  ],
  [
    'open to others',
    ({ file }: Project) => chmodSync(file('caravan.key'), 0o644),
    'can be used by other users (mode 0644) (key_unsafe)\n  Run: chmod 600 ',
  ],
])('a key that is %s is exit 12, and the rest goes on working', async (_, spoil, told) => {
  const home = await haierProject()
  spoil(home)

  const { code, out, err } = await secretSet(home)

  expect({ code, out }).toEqual({ code: 12, out: '' })
  expect(err).toContain(told)
  expect((await home.run('test haier')).code).toBe(12)
  expect((await home.run('list')).code).toBe(0)
})

it('a wrong key is told in one line, and nothing is changed', async () => {
  const home = await haierProject()
  const other = await project()

  const { code, err } = await secretSet(home, { CARAVAN_KEY: other.read('caravan.key').trim() })

  expect(code).toBe(12)
  expect(err).toMatch(
    /^✗ the key in CARAVAN_KEY .* is not the one this state was made with \(key_wrong\)\n/,
  )
  expect((await home.run('secret list')).out).not.toContain('token')
  expect((await home.run('test haier')).code).toBe(0)
})

/** Without these rights root is refused by file modes like everybody else. */
const likeAUser =
  process.getuid?.() === 0
    ? [
        'setpriv',
        '--bounding-set=-dac_override,-dac_read_search',
        '--inh-caps=-dac_override,-dac_read_search',
      ]
    : []
const hasSetpriv = likeAUser.length === 0 || spawnSync('setpriv', ['--version']).status === 0
if (!hasSetpriv)
  process.stderr.write('Skipped as root without setpriv: folders that cannot be written\n')

it.runIf(hasSetpriv)('a folder that cannot be written is told, and nothing is lost', async () => {
  const home = await haierProject()
  mkdirSync(home.file('closed'), { mode: 0o500 })
  const before = home.read('integrations.yaml')
  chmodSync(home.folder, 0o500)

  const options = { through: likeAUser }
  const disable = await home.run('disable haier', options)
  const init = await home.run('init closed', options)
  const deeper = await home.run('init closed/deeper', options)
  chmodSync(home.folder, 0o700)
  chmodSync(home.file('closed'), 0o700)

  expect(disable.err).toContain('(state_read_only)')
  expect(disable.code).toBe(1)
  expect(init).toMatchObject({
    code: 1,
    err: expect.stringMatching(/✗ .*cannot be (written|made)/),
  })
  expect(deeper).toMatchObject({
    code: 1,
    err: expect.stringContaining('deeper cannot be made: permission denied (file_unwritable)'),
  })
  expect(home.read('integrations.yaml')).toBe(before)
  expect((await home.run('test haier')).code).toBe(0)
})

it.each([
  { HOME: undefined, XDG_CACHE_HOME: undefined, NODE_COMPILE_CACHE: undefined },
  { HOME: '/dev/null', XDG_CACHE_HOME: undefined, NODE_COMPILE_CACHE: undefined },
])('works without a home: %o', async (env) => {
  const { run } = await haierProject()

  expect(await run('list', { env })).toMatchObject({ code: 0, err: '' })
  expect(await run('test haier', { env })).toMatchObject({ code: 0, err: '' })
})

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0
if (!hasPrlimit) process.stderr.write('Skipped without prlimit: a disk that is full in mid-run\n')

it.runIf(hasPrlimit)(
  'a disk that is full in mid-run ends the run as failed; the next one finishes it',
  async () => {
    const { run, json } = await haierProject({ products: 2000 })

    const { code, err } = await run('sync haier-products', {
      through: ['prlimit', '--fsize=700000'],
    })
    const next = await json('sync haier-products')

    expect(code).toBe(1)
    expect(err).toMatch(/\((state_full|state_io)\)/)
    expect(next).toMatchObject({ status: 'success', counters: { failed: 0 } })
    expect((await run('export products')).out.trim().split('\n')).toHaveLength(2001)
  },
)

const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  const [major = 99] =
    spawnSync(path, ['-p', 'process.versions.node']).stdout?.toString().split('.').map(Number) ?? []
  return major > 0 && major < 22
})
if (!oldNode)
  process.stderr.write(
    'Skipped without an old Node on this machine: the message about its version\n',
  )

it.runIf(oldNode)('on an old Node it says which one it needs', async () => {
  const { run } = await project()

  const { code, out, err } = await run('list', { node: oldNode })

  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^✗ caravan needs Node 22\.22 or newer; this is \d+\.\d+\.\d+ at \//)
})
