import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  writeFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { openKeys } from '../testing/keys.ts'
import { project } from '../testing/program.ts'
import { keys, plain, startOnTerminal, whyNoTerminal } from '../testing/terminal.ts'

const passphrase = 'five words nobody would guess'

async function withToken() {
  const made = await project()
  const { store, close } = await openKeys(made.folder)
  await store.write('token', 'planted-value')
  await close()
  return made
}

it('lists the slots, with and without a key', async () => {
  const { run, json, file } = await withToken()

  const listed = await json<{ slots: Record<string, unknown>[] }>('key list')
  renameSync(file('caravan.key'), file('away'))
  const { code, out, err } = await run('key list')

  expect(listed.slots).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      kind: 'key',
      label: 'caravan.key',
      created_at: expect.stringMatching(/^\d{4}-/),
      created_by: expect.any(String),
      in_use: true,
      recipient: expect.stringMatching(/^caravan-recipient-v1:/),
    },
  ])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(
    /^SLOT +KIND +LABEL +HERE +CREATED +BY +RECIPIENT\n\w+ +key +caravan.key +not here/,
  )
})

it('rotates in place, says what it did, and shows no key', async () => {
  const { run, read, file, everything } = await withToken()
  const before = read('caravan.key').trim()

  const { code, out, err } = await run('key rotate')

  const after = read('caravan.key').trim()
  expect(code).toBe(0)
  expect(out).toMatch(
    /^slot .*\nnew key .*caravan.key\nold key .*caravan\.key\.before-[0-9a-f]{16}\nopens +1 secret\nother slots +0, /,
  )
  expect(err).toContain('The old key opens nothing in this state any more')
  expect(out + err).not.toContain(after.slice(20, 40))
  expect(after).not.toBe(before)
  const former = readdirSync(file('.')).find((name) => name.includes('.before-')) ?? ''
  expect(read(former).trim()).toBe(before) // backups need it
  expect(statSync(file(former)).mode & 0o777).toBe(0o600)
  rmSync(file(former))
  expect(everything()).not.toContain(before.slice(20, 40))
  expect((await run('config check')).code).toBe(0)
  const old = await run('secret set other', { stdin: 'x', env: { CARAVAN_KEY: before } })
  expect(old).toMatchObject({ code: 12, err: expect.stringContaining('(key_wrong)') })
})

it('adds a passphrase from stdin, which then unlocks without a key', async () => {
  const { run, json, file, everything } = await withToken()

  const added = await run('key add --passphrase --label Anna', { stdin: `${passphrase}\n` })
  renameSync(file('caravan.key'), file('../away'))

  expect(added.code).toBe(0)
  const set = (env: Record<string, string>) => run('secret set other', { stdin: 'x', env })
  expect(await set({ CARAVAN_PASSPHRASE: passphrase })).toMatchObject({ code: 0 })
  const wrong = await set({ CARAVAN_PASSPHRASE: 'no' })
  expect(wrong.code).toBe(12)
  expect(wrong.err).toContain('the passphrase from CARAVAN_PASSPHRASE opens none of the key slots')
  const none = await set({})
  expect(none.code).toBe(12)
  expect(none.err).toContain('CARAVAN_PASSPHRASE: not set')
  const { slots } = await json<{ slots: { label: string; in_use: boolean | null }[] }>('key list')
  expect(slots.map(({ label, in_use }) => [label, in_use])).toEqual([
    ['caravan.key', false],
    ['Anna', null],
  ])
  const state = new Sqlite(file('caravan.db'), { readonly: true })
  const costs = state.prepare('select kdf from key_slots where kdf is not null').pluck().all()
  state.close()
  expect(costs.map((kdf) => JSON.parse(String(kdf)))).toMatchObject([{ n: 2 ** 17, r: 8, p: 1 }])
  expect(everything()).not.toContain('five words')
})

it("takes a new passphrase from a file that is its owner's alone", async () => {
  const { run, file, write } = await project()
  write('words', `${passphrase}\n`)
  const env = { CARAVAN_NEW_PASSPHRASE_FILE: file('words') }
  chmodSync(file('words'), 0o644)

  const open = await run('key add --passphrase', { env })
  chmodSync(file('words'), 0o600)
  const added = await run('key add --passphrase', { env })

  expect(open).toMatchObject({ code: 12, err: expect.stringContaining('(key_unsafe)') })
  expect(added.code).toBe(0)
})

it('removes a slot only after consent, and never the last', async () => {
  const { run, json, file } = await withToken()
  const last = await run('key remove caravan.key --yes')
  const added = await json<{ file: string }>('key add --file spare.key')

  const unasked = await run('key remove caravan.key')
  const unknown = await run('key remove sparekey --yes')
  const removed = await run('key remove caravan.key --yes --json')
  const without = await run('secret set other', { stdin: 'x' })
  const withSpare = await run('secret set other', {
    stdin: 'x',
    env: { CARAVAN_KEY_FILE: added.file },
  })

  expect(last).toMatchObject({ code: 7, err: expect.stringContaining('(key_last)') })
  expect(unasked.code).toBe(7)
  expect(unasked.err).toContain('which is the one that unlocks here')
  expect(unknown).toMatchObject({
    code: 10,
    err: expect.stringContaining('Did you mean spare.key?'),
  })
  expect(JSON.parse(removed.out)).toMatchObject({ was_in_use: true, secrets: 1, slots: 1 })
  expect(removed.err).toContain('Give caravan the key or the passphrase of another one now.')
  expect([without.code, withSpare.code]).toEqual([12, 0])
  expect(existsSync(file('caravan.key'))).toBe(true)
})

it('writes the new key of one from outside where it is told to', async () => {
  const { run, read, file } = await withToken()
  const CARAVAN_KEY = read('caravan.key').trim()
  renameSync(file('caravan.key'), file('../away'))

  const refused = await run('key rotate', { env: { CARAVAN_KEY } })
  const rotated = await run('key rotate --to new.key --json', { env: { CARAVAN_KEY } })

  expect(refused).toMatchObject({ code: 2, out: '' })
  expect(refused.err).toContain('caravan key rotate --to <file>')
  expect(JSON.parse(rotated.out)).toMatchObject({ file: file('new.key'), secrets: 1 })
  expect(rotated.err).toContain('in the place of the old one now')
  const env = { CARAVAN_KEY: read('new.key').trim() }
  expect(rotated.out + rotated.err).not.toContain(env.CARAVAN_KEY.slice(20, 40))
  expect(await run('secret set token', { stdin: 'x', env })).toMatchObject({ code: 0 })
})

it.each([
  ['key add', 2, 'a key slot is one of --file <path>, --passphrase and --recipient'],
  ['key add --file a.key --passphrase', 2, 'a key slot is one of'],
  ['key add --passphrase', 2, 'no new passphrase was given (value_missing)'],
  ['key add --file caravan.key', 1, 'already; it was not touched (key_exists)'],
  ['key add --file none/a.key', 1, 'cannot be written: the folder does not exist'],
  ['key add --recipient caravan-recipient-v1:abc', 12, 'this is not a recipient (key_malformed)'],
])('%s is exit %i: %s', async (words, exit, told) => {
  const { run } = await project()

  const { code, out, err } = await run(words)

  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err).toContain(told)
})

it('says in plain words why a key file cannot be written', async () => {
  const { run, file } = await project()
  mkdirSync(file('full'))
  writeFileSync(file('plain'), '')

  const inFile = await run('key add --file plain/a.key')
  const long = await run(`key add --file ${'a'.repeat(300)}.key`)

  expect(inFile.err).toContain('cannot be written: part of the path is a file (key_unwritable)')
  expect(long.err).toContain('cannot be written: the name is too long (key_unwritable)')
})

/** Without these rights root is refused by file modes like everybody else. */
const likeAUser =
  process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override']
    : []
const hasSetpriv = likeAUser.length === 0 || spawnSync('setpriv', ['--version']).status === 0
if (!hasSetpriv) process.stderr.write('Skipped as root without setpriv: a closed folder of keys\n')

it.runIf(hasSetpriv)('a key in a folder that cannot be written is rotated elsewhere', async () => {
  const { run, file, read } = await withToken()
  mkdirSync(file('closed'))
  renameSync(file('caravan.key'), file('closed/caravan.key'))
  chmodSync(file('closed'), 0o500)
  const options = { through: likeAUser, env: { CARAVAN_KEY_FILE: file('closed/caravan.key') } }

  const refused = await run('key rotate', options)
  const rotated = await run('key rotate --to new.key', options)
  chmodSync(file('closed'), 0o700)

  expect(refused.code).toBe(1)
  expect(refused.err).toContain('cannot be written: permission denied (key_unwritable)')
  expect(refused.err).toContain('caravan key rotate --to <file>')
  expect(rotated.code).toBe(0)
  const env = { CARAVAN_KEY: read('new.key').trim() }
  expect(await run('secret set token', { stdin: 'x', env })).toMatchObject({ code: 0 })
})

describe.skipIf(whyNoTerminal())('on a terminal', () => {
  it('asks for a passphrase twice, and later for the one that unlocks, hidden', async () => {
    const { folder, file, run } = await withToken()
    const add = startOnTerminal('key add --passphrase', { cwd: folder })
    await add.prints('New passphrase')
    add.type(`${passphrase}${keys.enter}`)
    await add.prints('The same again')
    add.type(`${passphrase}${keys.enter}`)
    const added = await add.ended
    renameSync(file('caravan.key'), file('../away'))

    const rotate = startOnTerminal('key rotate', { cwd: folder })
    await rotate.prints('Passphrase of the secrets')
    rotate.type(`wrong one${keys.enter}`)
    await rotate.prints('That one opens nothing')
    rotate.type(`${passphrase}${keys.enter}`)
    await rotate.prints('New passphrase')
    rotate.type(`${passphrase} as well${keys.enter}`)
    await rotate.prints('The same again')
    rotate.type(`${passphrase} as well${keys.enter}`)
    const rotated = await rotate.ended

    expect([added.code, rotated.code]).toEqual([0, 0])
    expect(plain(added.screen + rotated.screen)).not.toContain('five words')
    const CARAVAN_PASSPHRASE = `${passphrase} as well`
    expect(
      await run('secret set other', { stdin: 'x', env: { CARAVAN_PASSPHRASE } }),
    ).toMatchObject({ code: 0 })
  })

  it('changes nothing when the two differ, or nobody may be asked', async () => {
    const { folder, json } = await withToken()
    const add = startOnTerminal('key add --passphrase', { cwd: folder })
    await add.prints('New passphrase')
    add.type(`${passphrase}${keys.enter}`)
    await add.prints('The same again')
    add.type(`another passphrase${keys.enter}`)
    const differing = await add.ended

    const unasked = startOnTerminal('key add --passphrase', { cwd: folder, env: { CI: '1' } })
    const { code, screen } = await unasked.ended

    expect(differing.code).toBe(1)
    expect(plain(differing.screen)).toContain('the two passphrases differ; nothing was changed')
    expect(code).toBe(2)
    expect(plain(screen)).toContain('no new passphrase was given')
    const { slots } = await json<{ slots: unknown[] }>('key list')
    expect(slots).toHaveLength(1)
  })
})
