import { createHash } from 'node:crypto'
import { expect, it, vi } from 'vitest'
import type { receiveHook } from '../../app/hooks/receive.ts'
import { sendRaw, startListener } from '../../testing/listener.ts'
import { project } from '../../testing/program.ts'

type Received = Parameters<typeof receiveHook>[2] & { service: string }

const received: Received[] = []
let answer: Awaited<ReturnType<typeof receiveHook>> = { status: 200 }

vi.mock('../../app/hooks/receive.ts', () => ({
  receiveHook: async (_app: unknown, service: string, request: Received) => {
    received.push({ ...request, service })
    return answer
  },
}))

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

it('hands on what came byte for byte, whatever type it says it is', async () => {
  const { ask } = await startListener(await project())
  const body = Buffer.from([0, 255, 13, 10, 0xc3, 0x28, 0x7b, 0x22])
  const types = [
    'application/json',
    'text/xml; charset=gb2312',
    'application/x-www-form-urlencoded',
    'nonsense',
    'multipart/form-data; boundary=x',
    '',
  ]

  for (const type of types) {
    received.length = 0
    const { status } = await ask('/hooks/sms?a=1&b=%20', {
      body,
      headers: { 'content-type': type, 'X-Signature': 'abc' },
    })

    expect(status).toBe(200)
    const [hook] = received
    expect(sha(hook?.body ?? Buffer.alloc(0))).toBe(sha(body))
    expect(hook).toMatchObject({ service: 'sms', method: 'POST', from: '127.0.0.1' })
    expect(hook?.headers).toMatchObject({ 'content-type': type, 'x-signature': 'abc' })
    expect(hook?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/hooks\/sms\?a=1&b=%20$/)
  }
})

it('takes receipts that come as GET, without a body or in pieces', async () => {
  const listener = await startListener(await project())
  received.length = 0

  await listener.ask('/hooks/sms?phone=79161112233&status=1')
  await listener.ask('/hooks/sms', { method: 'POST' })
  await sendRaw(
    await listener.port(),
    'POST /hooks/sms HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
  )

  expect(received.map(({ method, body }) => [method, body.toString()])).toEqual([
    ['GET', ''],
    ['POST', ''],
    ['POST', 'abcde'],
  ])
})

it('knows the address as the vendor called it, and the vendor by its own, behind a trusted proxy', async () => {
  const headers = {
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'hooks.example.com',
  }
  const config = 'listen: 127.0.0.1:0\ntrusted_proxies: [127.0.0.0/8]\n'
  const trusted = await startListener(await project(), { config })
  const open = await startListener(await project())
  received.length = 0

  await trusted.ask('/hooks/sms?x=1', { body: 'a', headers })
  await open.ask('/hooks/sms?x=1', { body: 'a', headers })

  const [behind, alone] = received
  expect(behind).toMatchObject({
    url: 'https://hooks.example.com/hooks/sms?x=1',
    from: '203.0.113.7',
  })
  expect(alone?.from).toBe('127.0.0.1')
  expect(alone?.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
})

it('answers in the form that the vendor wants', async () => {
  const { ask } = await startListener(await project())
  const say = async (reply: typeof answer) => {
    answer = reply
    const { status, text, headers } = await ask('/hooks/sms', { body: 'a' })
    return [status, text, headers.get('content-type')]
  }

  expect(
    await say({ status: 200, text: '<Response/>', headers: { 'content-type': 'text/xml' } }),
  ).toEqual([200, '<Response/>', 'text/xml'])
  expect(await say({ status: 200, json: { code: 0 } })).toEqual([
    200,
    '{"code":0}',
    'application/json; charset=utf-8',
  ])
  expect(await say({ status: 403, text: 'no' })).toEqual([403, 'no', 'text/plain; charset=utf-8'])
  expect(await say({ status: 204 })).toEqual([204, '', null])
})

it('refuses a body over a megabyte before it is handed on', async () => {
  const { ask, lines } = await startListener(await project())
  received.length = 0

  const answered = await ask('/hooks/sms', { body: Buffer.alloc(1_048_577) })

  expect(answered).toMatchObject({ status: 413, json: { error: { code: 'body_too_large' } } })
  expect(received).toEqual([])
  expect(lines.at(-1)).toMatchObject({
    level: 'warn',
    status: 413,
    message: 'POST /hooks/:service: 413',
  })
})

it('lets 500 webhooks of one address through at once', async () => {
  const listener = await startListener(await project())
  answer = { status: 200, text: 'ok' }
  const head = 'POST /hooks/sms HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n'

  const back = await sendRaw(
    await listener.port(),
    `${`${head}\r\na`.repeat(499)}${head}Connection: close\r\n\r\na`,
  )

  expect(back.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(500)
})
