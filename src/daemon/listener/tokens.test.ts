import { expect, it } from 'vitest'
import type { ApiError } from '../../app/answers/api.ts'
import { endToken } from '../../app/tokens.ts'
import { createTestClock } from '../../testing/clock.ts'
import { startListener } from '../../testing/listener.ts'
import { project } from '../../testing/program.ts'
import { apiRoutes } from './routes/index.ts'

const pathOf = (path: string) => path.replaceAll(/\{\w+\}/g, 'nobody')

it('lets nobody in without a token that holds and has the scope', async () => {
  const clock = createTestClock()
  const listener = await startListener(await project(), { clock })
  const wrong = (await listener.token('read')).replace(/.{10}$/, 'AAAAAAAAAA')
  const expired = await listener.token('read,call,admin', '1s')
  const revoked = await listener.token('read,call,admin')
  const scoped = {
    read: await listener.token('call,admin'),
    call: await listener.token('read,admin'),
    admin: await listener.token('read,call'),
  }
  await endToken(listener.app, 'read-call-admin-3')
  await clock.advance(2000)

  for (const { method, path, scope } of [
    ...apiRoutes,
    { method: 'GET', path: '/openapi.json', scope: 'read' } as const,
  ]) {
    const say = async (token?: string, headers?: Record<string, string>) => {
      await clock.advance(10_000)
      const { status, json } = await listener.ask<ApiError>(pathOf(path), {
        method,
        token,
        headers,
      })
      return `${status} ${json.error.code}`
    }
    const seen = {
      none: await say(),
      basic: await say(undefined, { authorization: 'Basic YTpi' }),
      wrong: await say(wrong),
      expired: await say(expired),
      revoked: await say(revoked),
      scope: await say(scoped[scope]),
    }

    expect({ path, ...seen }).toEqual({
      path,
      none: '401 token_missing',
      basic: '401 token_missing',
      wrong: '401 token_refused',
      expired: '401 token_refused',
      revoked: '401 token_refused',
      scope: '403 scope_missing',
    })
  }
})
