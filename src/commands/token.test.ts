import { expect, it } from 'vitest'
import type { CreatedToken, TokenInfo } from '../app/answers/tokens.ts'
import { judgeToken } from '../app/tokens.ts'
import { judgeTokenText, newTokenText } from '../app/token-text.ts'
import { withAppIn } from '../testing/app.ts'
import { project } from '../testing/program.ts'

it('prints a token alone on stdout, this once, and keeps it nowhere', async () => {
  const { run, json, everything, folder } = await project()

  const { code, out, err } = await run('token create shop --scope call,read --expires 90d')
  const token = out.trim()
  const judged = await withAppIn(folder, (app) => judgeToken(app, token))
  const { tokens } = await json<{ tokens: TokenInfo[] }>('token list')

  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^caravan_[\w-]{49}\n$/) })
  expect(err).toContain('It is not shown again')
  expect(judged).toMatchObject({ is: 'valid', name: 'shop', scopes: ['read', 'call'] })
  expect(tokens).toMatchObject([{ name: 'shop', state: 'active', created_by: 'tester' }])
  expect(everything()).not.toContain(token.slice(8, 40))
})

it('lets a name belong to one token that holds, and frees it when it is revoked', async () => {
  const { run, json } = await project()
  const first = await json<CreatedToken>('token create shop --scope read')

  const taken = await run('token create shop --scope read')
  const revoked = await json('token revoke shop')
  const again = await json('token revoke shop')
  const second = await json<CreatedToken>('token create shop --scope admin')

  expect(taken).toMatchObject({ code: 2, err: expect.stringContaining('token_exists') })
  expect(revoked).toMatchObject({ state: 'revoked', changed: true })
  expect(again).toMatchObject({ state: 'revoked', changed: false })
  expect(second).toMatchObject({ name: 'shop', state: 'active', scopes: ['admin'] })
  expect(second.id).not.toBe(first.id)
})

it.each([
  ['create shop', 2, '--scope'],
  ['create shop --scope reed', 2, 'Did you mean read?'],
  ['create Shop! --scope read', 2, 'cannot be the name of a token'],
  ['create shop --scope read --expires soon', 2, '--expires soon'],
  ['create shop --scope read --expires 0s', 2, 'no time at all'],
  ['revoke nobody', 10, 'token_unknown'],
])('token %s: exit %i, and says %s', async (words, code, says) => {
  const { run } = await project()

  const ended = await run(`token ${words}`)

  expect(ended).toMatchObject({ code, out: '', err: expect.stringContaining(says) })
})

it('tells a mistyped token from a whole one without asking the state', () => {
  const token = newTokenText()
  const typos = [...token].map((letter, at) => {
    const other = letter === 'x' ? 'y' : 'x'
    return `${token.slice(0, at)}${other}${token.slice(at + 1)}`
  })
  const cut = [
    token.slice(0, -1),
    token.slice(1),
    `${token}a`,
    ` ${token}`,
    token.toUpperCase(),
    '',
  ]

  expect(judgeTokenText(token)).toBe('whole')
  expect([...typos, ...cut].filter((text) => judgeTokenText(text) !== 'malformed')).toEqual([])
  expect(new Set(Array.from({ length: 1000 }, newTokenText)).size).toBe(1000)
})
