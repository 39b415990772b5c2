import { expect, it } from 'vitest'
import { haierProject, project } from '../testing/program.ts'
import { drawnLines, plain, runOnTerminal, whyNoTerminal } from '../testing/terminal.ts'
import { stringWidth } from './output/table.ts'

it('takes a value from stdin or a file, and never shows it', async () => {
  const { run, json, write, everything } = await project()
  write('token.txt', 'planted-in-a-file\n')

  const first = await run('secret set token', { stdin: 'planted-on-stdin\n' })
  const second = await run('secret set token --file token.txt')
  const listed = await run('secret list')
  write('token.txt', '')

  expect(first).toEqual({ code: 0, out: '', err: 'Stored token.\n' })
  expect(second).toEqual({ code: 0, out: '', err: 'Replaced token.\n' })
  expect(listed.out).toMatch(
    /^SECRET +USED BY +AGE +LAST USED +NOTE\ntoken +nothing +0 min +never +unused\n$/,
  )
  expect(await json('secret list')).toMatchObject({ secrets: [{ name: 'token', used_by: [] }] })
  expect(everything()).not.toMatch(/planted-(in|on)/)
})

it.each([
  ['secret set token', '', 2, 'the value of token is empty; nothing was stored (value_missing)'],
  ['secret set token --file none', '', 10, 'cannot read none: there is no such file'],
  ['secret set a/b', 'x', 2, 'a/b cannot be the name of a secret'],
  ['secret remove token', '', 10, 'there is no secret named token (secret_unknown)'],
  ['secret remove token --yes', '', 10, 'there is no secret named token (secret_unknown)'],
])('%s with stdin "%s" is exit %i', async (words, stdin, exit, told) => {
  const { run, json } = await project()

  const { code, out, err } = await run(words, { stdin })

  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err).toContain(told)
  expect(await json('secret list')).toEqual({ secrets: [] })
})

it('refuses a value among the words and does not repeat it', async () => {
  const { run } = await project()

  const { code, err } = await run('secret set token planted-value')

  expect(code).toBe(2)
  expect(err).toContain('The value is never an argument')
  expect(err).not.toContain('planted-value')
})

it('removes one that is used only after consent, and names who needs it', async () => {
  const { run, json } = await haierProject()

  const unasked = await run('secret remove haier.password')
  const removed = await run('secret remove haier.password --yes')

  expect(unasked.code).toBe(7)
  expect(unasked.err).toContain('which haier needs')
  expect(removed).toMatchObject({ code: 0, out: '' })
  expect(removed.err).toMatch(
    /^Removed haier\.password\.\nhaier cannot be used: services\.haier\.config\.password: .*\n$/,
  )
  const { secrets } = await json<{ secrets: { name: string }[] }>('secret list')
  expect(secrets.map(({ name }) => name)).not.toContain('haier.password')
})

it('says when a credential ends, and refuses what is no day before it asks', async () => {
  const { run, json } = await project()

  const stored = await run('secret set token --expires 2099-01-31', { stdin: 'value' })
  const refused = await run('secret set other --expires soon', { stdin: 'value' })

  expect(stored.err).toBe('Stored token, which ends on 2099-01-31 (UTC).\n')
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringContaining('--expires soon is no day'),
  })
  expect(await json('secret list')).toMatchObject({
    secrets: [{ name: 'token', updated_by: 'tester', expires_at: '2099-01-31T00:00:00.000Z' }],
  })
})

it.skipIf(whyNoTerminal())('fits its list into 80 columns and leaves the flags whole', async () => {
  const { run, folder } = await haierProject()
  await run('secret set a-rather-long-name.of_a_certificate --expires 2020-01-31', {
    stdin: 'value',
  })

  const { screen } = await runOnTerminal('secret list', { cwd: folder })

  expect(drawnLines(screen).filter((line) => stringWidth(line) > 80)).toEqual([])
  expect(plain(screen)).toMatch(
    /^SECRET +USED BY .*NOTE\na-rather-long-name.of_a_certificate .* expired, unused\n/,
  )
  expect(plain(screen)).toMatch(/\nhaier\.ylh_client_secret +haier .*never used\n/)
})
