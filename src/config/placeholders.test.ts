import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parsePlaceholders, resolvePlaceholders } from './placeholders.ts'
import { fileSources } from './sources.ts'

const folder = await mkdtemp(join(tmpdir(), 'caravan-placeholders-'))
await writeFile(join(folder, 'seller'), 'line one\nline two\r\n')
await writeFile(join(folder, 'empty'), '\n')
await writeFile(join(folder, 'large'), 'x'.repeat(65_537))
await writeFile(join(folder, 'binary'), Buffer.from([0xff, 0xfe, 0x00]))

const sources = fileSources({
  env: { A: 'one', EMPTY: '', TRICKY: '${A}', CREDENTIALS_DIRECTORY: folder },
  configDir: folder,
  secret: async (name) => (name === 'haier.password' ? 'hunter2' : undefined),
})

it.each([
  ['${A}', 'one'],
  ['<${A}-${A}>', '<one-one>'],
  ['${NONE:-two words}', 'two words'],
  ['${EMPTY:-filled}', 'filled'],
  ['${NONE:-}', ''],
  ['${secret:haier.password}', 'hunter2'],
  ['${file:seller}', 'line one\nline two'],
  ['${cred:seller}', 'line one\nline two'],
  ['$${A} $A $$ $', '${A} $A $$ $'],
  ['${TRICKY}', '${A}'],
])('%s becomes %j', async (text, value) => {
  const resolved = await resolvePlaceholders({ deep: [text] }, sources)

  expect(resolved).toMatchObject({ value: { deep: [value] }, faults: [] })
})

it.each([
  ['${NONE}', 'the environment variable NONE is not set'],
  ['${EMPTY}', 'the environment variable EMPTY is empty'],
  ['${secret:none}', 'there is no secret named none'],
  ['${file:none}', `there is no file ${folder}/none`],
  ['${file:empty}', `the file ${folder}/empty is empty`],
  ['${file:large}', `the file ${folder}/large cannot be read: it is larger than 65536 bytes`],
  ['${file:binary}', `the file ${folder}/binary cannot be read: it is not UTF-8 text`],
  ['${file:.}', `the file ${folder} cannot be read: it is not a regular file`],
])('%s: %s', async (text, message) => {
  const { faults, value } = await resolvePlaceholders({ field: text }, sources)

  expect(faults).toMatchObject([{ path: ['field'], message, kind: 'unset' }])
  expect(value).toEqual({ field: text })
})

it('says that systemd did not start us', async () => {
  const { faults } = await resolvePlaceholders('${cred:x}', {
    ...sources,
    credentialsDirectory: undefined,
  })

  expect(faults[0]?.message).toContain('CREDENTIALS_DIRECTORY is not set')
})

it('lists what must never be shown', async () => {
  const { secretValues } = await resolvePlaceholders(
    ['${A}', 'x${secret:haier.password}', '${file:seller}'],
    sources,
  )

  expect(secretValues).toEqual(['hunter2', 'line one\nline two'])
})

it.each([
  '${',
  '${}',
  '${1A}',
  '${a b}',
  '${secret:}',
  '${secret:../x}',
  '${cred:a/b}',
  '${vault:x}',
])('%s is malformed', (text) => {
  expect(parsePlaceholders(text)).toBeTypeOf('string')
})
