import { chmod, chown, mkdtemp, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import { exitOf } from '../../core/errors.ts'
import {
  checkRecord,
  kekIdOf,
  openSecret,
  rewrap,
  sealSecret,
  verifyCheckRecord,
} from './envelope.ts'
import { findKey } from './find-key.ts'
import { writeKeyFile } from './key-file.ts'
import { newKey, parseKey } from './keys.ts'

const kek = parseKey(newKey(), 'test')
const other = parseKey(newKey(), 'test')
const row = { table: 'secrets', name: 'haier.password', version: 1 }
const codeOf = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    return { code: (error as { code: string }).code, exit: exitOf(error) }
  }
  return undefined
}

it('opens what it sealed, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.nat(), (value, name, version) => {
      const identity = { table: 'secrets', name, version }

      expect(openSecret(kek, identity, sealSecret(kek, identity, value))).toBe(value)
    }),
  )
})

it('seals differently each time and never shows the value', () => {
  const records = Array.from({ length: 50 }, () => sealSecret(kek, row, 'hunter2'))

  expect(new Set(records).size).toBe(50)
  expect(new Set(records.map((record) => record.split('.')[3])).size).toBe(50)
  expect(records.join()).not.toContain(Buffer.from('hunter2').toString('base64url'))
})

it('is bound to its row', () => {
  const record = sealSecret(kek, row, 'hunter2')
  const elsewhere = [
    { ...row, table: 'other' },
    { ...row, name: 'haier.seller' },
    { ...row, version: 2 },
  ]

  for (const identity of elsewhere) {
    expect(codeOf(() => openSecret(kek, identity, record))).toEqual({
      code: 'secret_damaged',
      exit: 'secrets',
    })
  }
})

it('notices every changed character, every cut and every mixture', () => {
  const record = sealSecret(kek, row, 'hunter2')
  const [a, b] = [record.split('.'), sealSecret(kek, row, 'hunter3').split('.')]
  const changed = [...record].map(
    (letter, at) => record.slice(0, at) + (letter === 'A' ? 'B' : 'A') + record.slice(at + 1),
  )
  const cut = Array.from({ length: record.length }, (_, length) => record.slice(0, length))
  const mixed = a.slice(2).map((_, at) => a.with(at + 2, b[at + 2]!).join('.'))

  for (const bad of [...changed, ...cut, ...mixed, `${record}.`, `${record}A`]) {
    expect(codeOf(() => openSecret(kek, row, bad))).toMatchObject({ exit: 'secrets' })
  }
})

it('refuses a short authentication tag', () => {
  const parts = sealSecret(kek, row, 'hunter2').split('.')
  const short = parts.with(
    6,
    Buffer.from(parts[6]!, 'base64url').subarray(0, 4).toString('base64url'),
  )

  expect(codeOf(() => openSecret(kek, row, short.join('.')))?.code).toBe('secret_damaged')
})

it('names the key that is needed when another is in use', () => {
  const record = sealSecret(kek, row, 'hunter2')

  expect(() => openSecret(other, row, record)).toThrow(
    `sealed with the key ${kek.id}, and the key in use is ${other.id}`,
  )
  expect(codeOf(() => openSecret(other, row, record))).toEqual({
    code: 'key_wrong',
    exit: 'secrets',
  })
})

it('wraps anew without touching the sealed value', () => {
  const record = sealSecret(kek, row, 'hunter2')

  const rotated = rewrap(kek, other, record)

  expect(openSecret(other, row, rotated)).toBe('hunter2')
  expect(rotated.split('.').slice(4)).toEqual(record.split('.').slice(4))
  expect(kekIdOf(rotated)).toBe(other.id)
  expect(codeOf(() => openSecret(kek, row, rotated))?.code).toBe('key_wrong')
})

it('the check record tells a wrong key, another installation and damage apart', () => {
  const record = checkRecord(kek, 'instance-1')

  verifyCheckRecord(kek, 'instance-1', record)
  expect(codeOf(() => verifyCheckRecord(other, 'instance-1', record))?.code).toBe('key_wrong')
  expect(codeOf(() => verifyCheckRecord(kek, 'instance-2', record))?.code).toBe('state_swapped')
  expect(codeOf(() => verifyCheckRecord(kek, 'instance-1', record.slice(0, -1)))?.code).toBe(
    'secret_damaged',
  )
})

it('a key prints without its content', () => {
  const text = newKey()
  const key = parseKey(text, 'test')

  expect(inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key)).not.toContain(
    text.slice(15, 30),
  )
  expect(key.id).toMatch(/^[0-9a-f]{16}$/)
  expect(parseKey(` ${text}\n`, 'test').id).toBe(key.id)
})

it.each([
  ['', 'is empty'],
  ['a'.repeat(64), 'lacks the "caravan-key-v1:" in front'],
  ['hello', 'does not begin with "caravan-key-v1:"'],
  ['caravan-key-v1:abc', 'has 3 characters after the prefix instead of 43'],
  [`caravan-key-v1:${'a'.repeat(20)} ${'a'.repeat(22)}`, 'has spaces or line breaks inside'],
  [`caravan-key-v1:${'ä'.repeat(43)}`, 'has characters that do not belong there'],
  [`caravan-key-v1:${'a'.repeat(43)}`, 'is misspelt: its last character cannot be right'],
])('the key "%s" %s', (text, message) => {
  expect(() => parseKey(text, 'CARAVAN_KEY')).toThrow(`the key from CARAVAN_KEY ${message}`)
  expect(codeOf(() => parseKey(text, 'CARAVAN_KEY'))).toEqual({
    code: 'key_malformed',
    exit: 'secrets',
  })
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caravan-keys-'))
  await mkdir(join(folder, 'creds'))
})

it('finds the key in the order that is promised', async () => {
  const [a, b, c, d] = [newKey(), newKey(), newKey(), newKey()] as const
  await writeKeyFile(join(folder, 'b.key'), b)
  await writeFile(join(folder, 'creds/caravan-key'), c, { mode: 0o440 })
  await writeKeyFile(join(folder, 'caravan.key'), d)
  const idOf = async (env: Record<string, string>, credentialsDirectory?: string) =>
    (await findKey({ env, configDir: folder, credentialsDirectory })).id
  const creds = join(folder, 'creds')
  const CARAVAN_KEY_FILE = join(folder, 'b.key')

  expect([
    await idOf({ CARAVAN_KEY: a, CARAVAN_KEY_FILE }, creds),
    await idOf({ CARAVAN_KEY_FILE }, creds),
    await idOf({}, creds),
    await idOf({}),
  ]).toEqual([a, b, c, d].map((text) => parseKey(text, 'test').id))
})

it('takes the key file that the config names', async () => {
  await writeKeyFile(join(folder, 'own.key'), newKey())

  const found = await findKey({ env: {}, configDir: folder, keyFile: './own.key' })

  expect(found.source).toBe(join(folder, 'own.key'))
})

it('lists the places when there is no key', async () => {
  const error = await findKey({ env: {}, configDir: '/nowhere' }).catch((thrown) => thrown)

  expect(exitOf(error)).toBe('secrets')
  expect(error.message).toMatchInlineSnapshot(`
    "there is no key to open the secrets with. Looked at:
      CARAVAN_KEY: not set
      CARAVAN_KEY_FILE: not set
      systemd credential caravan-key: CREDENTIALS_DIRECTORY is not set
      /nowhere/caravan.key  (beside the config): there is no such file"
  `)
})

it('does not fall back when the named key file is gone', async () => {
  await writeKeyFile(join(folder, 'caravan.key'), newKey())
  const env = { CARAVAN_KEY_FILE: join(folder, 'none') }

  await expect(findKey({ env, configDir: folder })).rejects.toMatchObject({ code: 'key_missing' })
})

it.each([0o640, 0o604, 0o660, 0o610])('refuses a key file of mode %o', async (mode) => {
  const path = join(folder, 'caravan.key')
  await writeKeyFile(path, newKey())
  await chmod(path, mode)

  const error = await findKey({ env: {}, configDir: folder }).catch((thrown) => thrown)

  expect(error).toMatchObject({ code: 'key_unsafe', hint: `Run: chmod 600 ${path}` })
  expect(exitOf(error)).toBe('secrets')
})

it.runIf(process.getuid?.() === 0)('refuses a key file of another user', async () => {
  const path = join(folder, 'caravan.key')
  await writeKeyFile(path, newKey())
  await chown(path, 4242, 4242)

  await expect(findKey({ env: {}, configDir: folder })).rejects.toMatchObject({
    code: 'key_unsafe',
  })
})

it('writes a key for the owner alone and never over another', async () => {
  const path = join(folder, 'caravan.key')
  const text = newKey()
  await writeKeyFile(path, text)

  const again = await writeKeyFile(path, newKey()).catch((thrown) => thrown)

  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).toBe(`${text}\n`)
  expect(again).toMatchObject({ code: 'key_exists' })
})
