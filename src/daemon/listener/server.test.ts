import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { ApiError } from '../../app/answers/api.ts'
import { endToken } from '../../app/tokens.ts'
import { createTestClock } from '../../testing/clock.ts'
import { sendRaw, startListener } from '../../testing/listener.ts'
import { project } from '../../testing/program.ts'
import { noteTick } from '../../store/daemons.ts'
import { apiRoutes } from './routes/index.ts'

const rate = { perSecond: 1, burst: 3 }
const limits = { perToken: rate, perStranger: rate, perHookSender: rate, connections: 1000 }

it('lets a token ask so often, then says when to come back', async () => {
  const clock = createTestClock()
  const listener = await startListener(await project(), { clock, limits })
  const [token, other] = [await listener.token('read'), await listener.token('read')]
  const say = async (one: string) => (await listener.ask('/jobs', { token: one })).status

  const burst = [await say(token), await say(token), await say(token), await say(token)]
  const refused = await listener.ask<ApiError>('/jobs', { token })
  const beside = await say(other)
  await clock.advance(1000)
  const later = await say(token)

  expect({ burst, beside, later }).toEqual({ burst: [200, 200, 200, 429], beside: 200, later: 200 })
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(ApiError.parse(refused.json).error.code).toBe('too_many_requests')
  expect(listener.lines.filter(({ status }) => status === 429)).toHaveLength(2)
})

it('keeps strangers at the door, and a token that holds out of their trouble', async () => {
  const clock = createTestClock()
  const listener = await startListener(await project(), { clock, limits })
  const token = await listener.token('read')
  const guess = async () => (await listener.ask('/jobs', { token: `${token}x` })).status

  const guesses = [await guess(), await guess(), await guess(), await guess()]
  const owner = await listener.ask('/jobs', { token })

  expect(guesses).toEqual([401, 401, 401, 429])
  expect(owner.status).toBe(200)
})

it('limits webhooks by the address they come from', async () => {
  const clock = createTestClock()
  const config = 'listen: 127.0.0.1:0\ntrusted_proxies: [127.0.0.1]\n'
  const listener = await startListener(await project(), { clock, limits, config })
  const from = async (address: string) =>
    (await listener.ask('/hooks/x', { body: '', headers: { 'x-forwarded-for': address } })).status

  const flood = [1, 2, 3, 4].map(() => from('2001:db8:0:1::7'))
  const sameNetwork = await from('2001:0db8::1:aaaa:bbbb:cccc:dddd')
  const elsewhere = await from('2001:db8:0:2::7')

  expect(await Promise.all(flood)).toEqual([404, 404, 404, 429])
  expect({ sameNetwork, elsewhere }).toEqual({ sameNetwork: 429, elsewhere: 404 })
})

it('ends a token at once, also while it is in use', async () => {
  const listener = await startListener(await project())
  const token = await listener.token('read')

  const before = await listener.ask('/jobs', { token })
  await endToken(listener.app, 'read-1')
  const after = await listener.ask('/jobs', { token })

  expect([before.status, after.status]).toEqual([200, 401])
  expect(after.headers.get('www-authenticate')).toBe(
    'Bearer realm="caravan", error="invalid_token"',
  )
})

const badBodies: [
  what: string,
  body: string | Buffer,
  type: string | undefined,
  status: number,
  code: string,
][] = [
  ['too large', Buffer.alloc(1_048_577, 0x20), undefined, 413, 'body_too_large'],
  ['no JSON', '{"operation": "sms.send"', undefined, 400, 'bad_request'],
  ['no UTF-8', Buffer.from('{"a":"\xff"}', 'latin1'), undefined, 400, 'bad_request'],
  ['a list', '[]', undefined, 400, 'usage'],
  ['nested without end', '['.repeat(200_000), undefined, 400, 'bad_request'],
  [
    'nested deep',
    `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    undefined,
    400,
    'bad_request',
  ],
  ['__proto__', '{"operation":"x","__proto__":{"scope":"admin"}}', undefined, 400, 'bad_request'],
  [
    '__proto__ inside',
    '{"operation":"x","input":{"a":[{"__proto__":1}]}}',
    undefined,
    400,
    'bad_request',
  ],
  [
    'constructor',
    '{"operation":"sms.send","input":{"constructor":{"prototype":{}}}}',
    undefined,
    422,
    'input_invalid',
  ],
  ['a form', 'operation=sms.send', 'application/x-www-form-urlencoded', 415, 'type_unsupported'],
  ['text', '{}', 'text/plain', 415, 'type_unsupported'],
  ['of a type that is none', '{}', 'json', 415, 'type_unsupported'],
]

it('refuses bodies that are not what they should be, each with its status', async () => {
  const clock = createTestClock()
  const listener = await startListener(await project(), { clock })
  const token = await listener.token('call')

  for (const [what, body, type = 'application/json', status, code] of badBodies) {
    const headers = { 'content-type': type }
    const answer = await listener.ask<ApiError>('/calls', { token, body, headers })

    const seen = { status: answer.status, code: ApiError.parse(answer.json).error.code }
    expect({ what, ...seen }).toEqual({ what, status, code })
    expect(({} as { scope?: string }).scope).toBeUndefined()
    expect(listener.lines.at(-1)).toMatchObject({ level: 'warn', status })
  }
})

it('takes no request whose end two readers would see at two places', async () => {
  const listener = await startListener(await project())
  const port = await listener.port()
  const head = 'POST /hooks/x HTTP/1.1\r\nHost: localhost\r\n'
  const chunked = 'Transfer-Encoding: chunked\r\n'
  const tail = '\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'

  const answers = await Promise.all(
    [
      `${head}Content-Length: 4\r\n${chunked}${tail}`,
      `${head}Content-Length: 4\r\nContent-Length: 5\r\n${tail}`,
      `${head}Transfer-Encoding: xchunked\r\n${tail}`,
      `${head}Transfer-Encoding : chunked\r\n${tail}`,
      `${head}Content-Length: +4\r\n${tail}`,
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n`,
      `GET /healthz HTTP/1.1\r\n\r\n`,
      `GET /healthz HTTP/9.9\r\n\r\n`,
      `\u0016\u0003\u0001\u0002\u0000`,
    ].map((text) => sendRaw(port, text)),
  )

  for (const answer of answers) {
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(answer).toMatch(/^x-correlation-id: [\w.-]+\r$/im)
    expect(answer).toContain('"code":"bad_request"')
  }
  const oversized = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`
  expect(await sendRaw(port, oversized)).toMatch(/^HTTP\/1\.1 431 /)
  const warned = listener.lines.filter(({ level }) => level === 'warn')
  expect(warned).toHaveLength(answers.length + 1)
  for (const line of warned) expect(line).toMatchObject({ code: expect.any(String) })
})

it('cuts off a client that never ends its request', async () => {
  const timeouts = { headersMs: 100, requestMs: 200, keepAliveMs: 100, checkMs: 50, stallMs: 5000 }
  const listener = await startListener(await project(), { timeouts })
  const port = await listener.port()

  const headers = sendRaw(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
  const body = sendRaw(
    port,
    'POST /hooks/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc',
  )

  expect(await headers).toMatch(/^HTTP\/1\.1 408 /)
  expect(await body).toMatch(/^HTTP\/1\.1 408 /)
  expect((await listener.ask('/healthz')).status).toBe(503)
})

it('cuts off a client that asks and asks, and takes no answer', async () => {
  const timeouts = {
    headersMs: 9000,
    requestMs: 9000,
    keepAliveMs: 9000,
    checkMs: 50,
    stallMs: 200,
  }
  const perToken = { perSecond: 1000, burst: 1000 }
  const one = { ...limits, perToken, connections: 1 }
  const listener = await startListener(await project(), { timeouts, limits: one })
  const port = await listener.port()
  const authorization = `Authorization: Bearer ${await listener.token('read')}`
  const greedy = connect(port, '127.0.0.1').pause()
  greedy.on('error', () => undefined)
  greedy.write(
    `GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\n\r\n`.repeat(500),
  )
  const last = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

  let next = ''
  while (next === '') next = await sendRaw(port, last).catch(() => '')
  greedy.destroy()

  expect(next).toMatch(/^HTTP\/1\.1 503 /)
})

it('says whether the scheduler ticks and the database answers', async () => {
  const clock = createTestClock()
  const listener = await startListener(await project(), { clock })
  const { db, id } = listener.context
  const say = async () => {
    const { status, json } = await listener.ask('/healthz')
    return [status, json]
  }

  const before = await say()
  await noteTick(db, id, clock.now())
  const ticking = await say()
  await clock.advance(61_000)
  const stuck = await say()
  listener.context.db = { selectFrom: () => expect.fail('gone') } as never
  const gone = await say()

  expect(before).toEqual([503, { status: 'failing', failing: ['scheduler'] }])
  expect(ticking).toEqual([200, { status: 'ok' }])
  expect(stuck).toEqual([503, { status: 'failing', failing: ['scheduler'] }])
  expect(gone).toEqual([503, { status: 'failing', failing: ['database'] }])
})

it('shows metrics to this machine, and to others by a token alone', async () => {
  const open = await startListener(await project())
  const proxied = await startListener(await project(), {
    config: 'listen: 127.0.0.1:0\ntrusted_proxies: [127.0.0.1]\n',
  })
  const public_ = await startListener(await project(), { config: 'listen: 0.0.0.0:0\n' })
  const say = async ({ ask }: typeof open, headers = {}) =>
    (await ask('/metrics', { headers })).status

  expect(await say(open)).toBe(200)
  expect(await say(open, { 'x-forwarded-for': '203.0.113.7' })).toBe(401)
  expect(await say(open, { authorization: 'Bearer wrong' })).toBe(401)
  expect(await say(proxied)).toBe(401)
  expect(await say(public_)).toBe(401)
  expect((await open.ask('/metrics', { token: await open.token('read') })).status).toBe(200)
  expect((await open.ask('/metrics', { token: await open.token('call') })).status).toBe(403)
})

it('does not answer a page whose name was made to point at this machine', async () => {
  const listener = await startListener(await project())
  const token = await listener.token('read')
  const port = await listener.port()
  const asked = (path: string, host: string) =>
    sendRaw(
      port,
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    ).then((text) => Number(text.slice(9, 12)))

  expect(await asked('/jobs', 'evil.example:80')).toBe(421)
  expect(await asked('/metrics', 'evil.example')).toBe(421)
  expect(await asked('/jobs', '127.0.0.1.evil.example')).toBe(421)
  expect(await asked('/jobs', `localhost:${port}`)).toBe(200)
  expect(await asked('/jobs', `[::1]:${port}`)).toBe(200)
  expect(await asked('/hooks/x', 'evil.example')).toBe(404)
})

it('gives no page of another origin a way in', async () => {
  const listener = await startListener(await project())
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }

  const preflight = await listener.ask('/calls', { method: 'OPTIONS', headers })
  const answer = await listener.ask('/jobs', { headers, token: await listener.token('read') })

  expect(preflight.status).toBe(404)
  for (const { headers: sent } of [preflight, answer]) {
    expect(sent.get('access-control-allow-origin')).toBeNull()
    expect(sent.get('cache-control')).toBe('no-store')
  }
})

it('says nothing of what is inside when something breaks', async () => {
  const made = await project()
  const listener = await startListener(made)
  const token = await listener.token('read')
  listener.app.state = async () => {
    throw new Error(`SQLITE_ERROR: no such table: tokens in ${made.folder}, select * from tokens`)
  }

  const answer = await listener.ask<ApiError>('/jobs', { token })

  expect(answer.status).toBe(500)
  expect(answer.json.error.code).toBe('internal')
  expect(answer.text).not.toMatch(/SQLITE|select|\/tmp|\bat /)
  expect(listener.lines.at(-1)).toMatchObject({
    level: 'error',
    correlation: answer.headers.get('x-correlation-id'),
    error: { message: expect.stringContaining('SQLITE_ERROR') },
  })
})

it('writes a token nowhere: not into a log, an answer or a file', async () => {
  const made = await project()
  const listener = await startListener(made)
  const port = await listener.port()
  const token = await listener.token('read')
  const near = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
  const seen: string[] = []
  const note = async (path: string, options = {}) => {
    const { text, headers } = await listener.ask(path, options)
    seen.push(text, JSON.stringify([...headers]))
  }

  for (const one of [token, near]) {
    await note('/jobs', { token: one })
    await note(`/jobs?token=${one}`)
    await note(`/${one}`, { token: one })
    await note(`/runs/${one}`, { token: one })
    await note(`/hooks/${one}?key=${one}`, { body: one })
    await note('/jobs', { headers: { authorization: `Basic ${one}`, 'x-correlation-id': one } })
    await note('/calls', { token: one, json: { [one]: one } })
    seen.push(
      await sendRaw(port, `GET /%zz${one} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    )
    seen.push(await sendRaw(port, `${one} / HTTP/1.1\r\n\r\n`))
  }
  await listener.stop()

  const secret = token.slice(10, 40)
  expect(JSON.stringify(listener.lines)).not.toContain(secret)
  expect(seen.join('\n')).not.toContain(secret)
  expect(readFileSync(made.file('caravan.db'), 'latin1')).not.toContain(secret)
  expect(listener.lines.length).toBeGreaterThanOrEqual(18)
})

it('answers many at once, each with what it asked for', async () => {
  const listener = await startListener(await project())
  const token = await listener.token('read')
  const ids = Array.from({ length: 60 }, (_, at) => `request-${at}`)

  const answers = await Promise.all(
    ids.map((id) => listener.ask('/jobs', { token, headers: { 'x-correlation-id': id } })),
  )

  expect(answers.map(({ headers }) => headers.get('x-correlation-id'))).toEqual(ids)
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  expect(listener.lines.filter(({ token: name }) => name === 'read-1')).toHaveLength(60)
})

it('is not troubled by clients that hang up in the middle', async () => {
  const listener = await startListener(await project())
  const port = await listener.port()
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      'POST /hooks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
    )
    await once(socket, 'data')
    socket.write('abc', () => void socket[leave]())
    await once(socket, 'close')
  }

  expect((await listener.ask('/healthz')).status).toBe(503)
  await listener.stop()
  expect(listener.lines.filter(({ level }) => level === 'error')).toEqual([])
})

it('opens no more connections than it can serve', async () => {
  const listener = await startListener(await project(), { limits: { ...limits, connections: 2 } })
  const port = await listener.port()
  const sockets = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(port, '127.0.0.1')
          socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
          socket.once('data', () => resolve(socket))
        }),
    ),
  )

  const third = await sendRaw(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n').catch(() => '')
  for (const socket of sockets) socket.destroy()

  expect(third).toBe('')
  expect(listener.lines.map(({ message }) => message)).toContain(
    'a connection was refused: there are too many',
  )
})

it('describes every route, and every answer by its published shape', async () => {
  const listener = await startListener(await project())

  const { json } = await listener.ask<{ paths: Record<string, Record<string, object>> }>(
    '/openapi.json',
    { token: await listener.token('read') },
  )

  const described = Object.entries(json.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const routes = apiRoutes.map(({ method, path }) => `${method} ${path}`)
  expect(described.toSorted()).toEqual(routes.toSorted())
  expect(json.paths['/calls']?.post).toMatchObject({
    security: [{ token: ['call'] }],
    requestBody: { content: { 'application/json': { schema: { required: ['operation'] } } } },
    responses: { 202: {}, default: {} },
  })
})
