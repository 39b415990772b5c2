/** What becomes of every fault a server can show: kind, outcome, and that no secret stands in the error. */
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { IntegrationError } from '../core/errors.ts'
import { failureOf, plantedHttp, plantedRequest, startRawServer } from '../testing/http.ts'
import { startVendor } from '../testing/vendor.ts'

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const body = (bytes: Uint8Array, headers = {}) => ({
  bytes,
  headers: { 'content-type': 'application/json', ...headers },
})

describe('a server that misbehaves on the wire', () => {
  it.each<[string, string, (socket: Socket) => void]>([
    ['resets before the headers', 'unavailable', (socket) => socket.resetAndDestroy()],
    ['hangs up before the headers', 'unavailable', (socket) => socket.end()],
    [
      'resets in the headers',
      'unavailable',
      (socket) => socket.write('HTTP/1.1 200 O', () => socket.resetAndDestroy()),
    ],
    [
      'resets in mid-body',
      'unavailable',
      (socket) =>
        socket.write(`${head}content-length: 100\r\n\r\n{"a":`, () => socket.resetAndDestroy()),
    ],
    [
      'sends a short body',
      'unavailable',
      (socket) => socket.end(`${head}content-length: 100\r\n\r\n{"a":1}`),
    ],
    [
      'cuts a chunked body',
      'unavailable',
      (socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\n5\r\n{"a":`),
    ],
    ['answers garbage', 'bad_response', (socket) => socket.end('\u0000\u0001 what?\r\n\r\n')],
    [
      'sends huge headers',
      'bad_response',
      (socket) => socket.end(`${head}x-big: ${'a'.repeat(40_000)}\r\n\r\n`),
    ],
  ])('%s: %s, outcome unknown', async (_, kind, onData) => {
    const { url } = await startRawServer(onData)
    const http = plantedHttp(url)

    const error = await failureOf(http.json(plantedRequest))

    expect(error).toMatchObject({ kind, outcome: 'unknown' })
    expect(http.exchanges).toMatchObject([{ error: { kind } }])
  })

  it.each<[string, (socket: Socket) => void]>([
    ['never answers', () => undefined],
    ['stalls after the headers', (socket) => socket.write(`${head}content-length: 9\r\n\r\n`)],
    [
      'drips the body for ever',
      (socket) => {
        socket.write(`${head}transfer-encoding: chunked\r\n\r\n`)
        const drip = setInterval(() => socket.write('1\r\na\r\n'), 20)
        socket.on('close', () => clearInterval(drip))
      },
    ],
  ])('%s: one deadline covers it, outcome unknown', async (_, onData) => {
    const { url, sockets } = await startRawServer(onData)
    const http = plantedHttp(url, { timeoutMs: 150 })

    const error = await failureOf(http.json(plantedRequest))

    expect(error).toMatchObject({ kind: 'timeout', outcome: 'unknown' })
    expect(error.message).toBe('no complete answer within 0.15 s')
    await expect.poll(() => sockets.size).toBe(0)
  })

  it('says which header is at fault when the headers are too large', async () => {
    const { url } = await startRawServer((socket) =>
      socket.end(`${head}x-big: ${'a'.repeat(40_000)}\r\n\r\n`),
    )

    const error = await failureOf(plantedHttp(url).json(plantedRequest))

    expect(error.message).toBe('the headers of the answer are too large')
  })
})

describe('a request that never left is not done', () => {
  it('nobody listens', async () => {
    const { url, server } = await startRawServer(() => undefined)
    server.close()

    const error = await failureOf(plantedHttp(url).json(plantedRequest))

    expect(error).toMatchObject({
      kind: 'unavailable',
      outcome: 'not_done',
      code: 'ECONNREFUSED',
      message: 'no connection to the host',
    })
  })

  it('the name does not exist', async () => {
    const error = await failureOf(plantedHttp('http://nothing.invalid').json(plantedRequest))

    expect(error).toMatchObject({ kind: 'unavailable', outcome: 'not_done' })
    expect(error.message).toBe('the host name could not be resolved')
  })

  it('fetch blocks the port', async () => {
    const error = await failureOf(plantedHttp('http://127.0.0.1:6667').json(plantedRequest))

    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
    expect(error.message).toContain('block list')
  })

  it.each([
    ['https://user:planted-bearer-91@127.0.0.1', /user name or a password/],
    ['file:///etc/passwd', /file:/],
    ['http://', /not a URL/],
  ])('the address is %s', async (address, message) => {
    const error = await failureOf(plantedHttp(address).json({ method: 'GET', url: '' }))

    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
    expect(error.message).toMatch(message)
  })

  it('a header cannot be sent', async () => {
    const vendor = await startVendor()
    const http = plantedHttp(vendor.url, {
      authorize(request) {
        request.headers.authorization = 'Bearer planted-bearer-91\n'.repeat(2)
      },
    })

    const error = await failureOf(http.json(plantedRequest))

    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
    expect(error.message).toBe('the request could not be built')
  })

  it('the caller had given up, or fetching its token failed', async () => {
    const vendor = await startVendor()
    const late = new IntegrationError({ kind: 'timeout', message: 'late' })
    const aborted = plantedHttp(vendor.url, { signal: AbortSignal.abort(late) })
    const unsigned = plantedHttp(vendor.url, { authorize: () => Promise.reject(late) })

    const errors = [
      await failureOf(aborted.json(plantedRequest)),
      await failureOf(unsigned.json(plantedRequest)),
    ]

    for (const error of errors) {
      expect(error).toMatchObject({ kind: 'timeout', outcome: 'not_done', message: 'late' })
    }
    expect(vendor.received).toEqual([])
  })
})

describe('an answer that is not what it should be', () => {
  it.each([
    [
      'HTML',
      { text: '<!doctype html><p>planted-body-92', headers: { 'content-type': 'text/html' } },
      'HTML instead of JSON',
    ],
    ['nothing', { text: '' }, 'an empty answer'],
    ['half of its JSON', body(Buffer.from('{"a": [1,')), 'JSON that is cut off or damaged'],
    [
      'another type',
      { text: 'ok', headers: { 'content-type': 'text/csv; x=planted-body-92' } },
      'text/csv instead of JSON',
    ],
    ['bytes that are not UTF-8', body(Buffer.from([0x22, 0xff, 0xfe, 0x22])), 'not valid UTF-8'],
    [
      'a text cut inside a letter',
      body(Buffer.from('"привет"').subarray(0, -2)),
      'not valid UTF-8',
    ],
    [
      'damaged gzip',
      body(Buffer.from('not gzip'), { 'content-encoding': 'gzip' }),
      'the compressed answer is damaged',
    ],
    [
      'gzip that is cut off',
      body(gzipSync('{"a":1, "b":"0123456789"}').subarray(0, 25), { 'content-encoding': 'gzip' }),
      'JSON that is cut off or damaged',
    ],
  ])('%s', async (_, reply, message) => {
    const vendor = await startVendor(reply)
    const http = plantedHttp(vendor.url)

    const error = await failureOf(http.json(plantedRequest))

    expect(error).toMatchObject({ kind: 'bad_response', outcome: 'unknown' })
    expect(error.message).toContain(message)
    expect(http.exchanges).toHaveLength(1)
  })

  it('larger than the limit: the error names it', async () => {
    const vendor = await startVendor(body(Buffer.alloc(5000, '1')))

    const error = await failureOf(
      plantedHttp(vendor.url).json({ ...plantedRequest, maxBytes: 4096 }),
    )

    expect(error).toMatchObject({ kind: 'bad_response', outcome: 'unknown' })
    expect(error.message).toBe('the answer is larger than the limit of 4096 bytes')
  })

  it('drops a byte order mark', async () => {
    const vendor = await startVendor(body(Buffer.from('\ufeff{"a":1}')))

    expect(await plantedHttp(vendor.url).json(plantedRequest)).toEqual({ a: 1 })
  })
})

describe('redirects are never followed', () => {
  it.each([
    'http://169.254.169.254/',
    'file:///etc/passwd',
    '/pay',
    '//[::1]/',
    'http://2130706433/',
  ])('to %s', async (location) => {
    const vendor = await startVendor({ status: 302, headers: { location } })

    const error = await failureOf(plantedHttp(vendor.url).json(plantedRequest))

    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done', status: 302 })
    expect(vendor.received).toHaveLength(1)
  })
})

describe('statuses', () => {
  it.each([
    [400, 'rejected', 'not_done'],
    [401, 'auth', 'not_done'],
    [403, 'auth', 'not_done'],
    [404, 'config', 'not_done'],
    [408, 'unavailable', 'not_done'],
    [409, 'rejected', 'not_done'],
    [422, 'rejected', 'not_done'],
    [429, 'rate_limited', 'not_done'],
    [500, 'unavailable', 'unknown'],
    [502, 'unavailable', 'unknown'],
    [503, 'unavailable', 'unknown'],
    [504, 'unavailable', 'unknown'],
  ])('%i is %s, %s', async (status, kind, outcome) => {
    const vendor = await startVendor({ status, json: { echo: 'planted-body-92' } })
    const http = plantedHttp(vendor.url)

    const error = await failureOf(http.send(plantedRequest))

    expect(error).toMatchObject({ kind, outcome, status })
    expect(http.exchanges[0]?.excerpt).toContain('planted-body-92') // the call log redacts it
  })

  it.each([
    ['7', 7000],
    ['0', 0],
    ['1.5', 1500],
    ['Wed, 21 Oct 2099 07:28:00 GMT', 86_400_000],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['99999999999999999999', 86_400_000],
    ['9'.repeat(400), 86_400_000],
    ['soon', undefined],
    ['', undefined],
    ['-5', 0],
  ])('Retry-After: %s asks for %s ms', async (value, expected) => {
    const vendor = await startVendor({ status: 429, headers: { 'retry-after': value } })

    const error = await failureOf(plantedHttp(vendor.url).send(plantedRequest))

    expect(error.retryAfterMs).toBe(expected)
  })

  const inAMinute = String(Math.ceil(Date.now() / 1000) + 60)
  it.each([
    ['x-ratelimit-reset', inAMinute, [50_000, 62_000]],
    ['x-ratelimit-reset', '60', [60_000, 60_000]],
    ['x-ratelimit-reset', '1000000000', [0, 0]],
    ['x-ratelimit-reset', '99999999999999999999', [86_400_000, 86_400_000]],
    ['x-ratelimit-reset', 'soon', undefined],
    ['x-rate-limit-reset', '30', [30_000, 30_000]],
    ['x-rate-limit-reset', '999999999999', [86_400_000, 86_400_000]],
  ] as const)('%s: %s of a 429 is a wait, of a 500 it is none', async (name, value, range) => {
    const headers = { [name]: value }
    const vendor = await startVendor({ status: 429, headers }, { status: 500, headers })
    const http = plantedHttp(vendor.url)

    const limited = await failureOf(http.send(plantedRequest))
    const broken = await failureOf(http.send(plantedRequest))

    const [from, to] = range ?? [undefined, undefined]
    const { retryAfterMs } = limited
    expect(retryAfterMs === undefined ? from : Math.max(from ?? 0, retryAfterMs)).toBe(retryAfterMs)
    expect(retryAfterMs === undefined ? to : Math.min(to ?? 0, retryAfterMs)).toBe(retryAfterMs)
    expect(broken.retryAfterMs).toBeUndefined()
  })

  it('Retry-After is obeyed before the headers of vendors', async () => {
    const headers = { 'retry-after': '7', 'x-rate-limit-reset': '30' }
    const vendor = await startVendor({ status: 429, headers })

    expect(await failureOf(plantedHttp(vendor.url).send(plantedRequest))).toMatchObject({
      retryAfterMs: 7000,
    })
  })

  it('the adapter reads the answer first', async () => {
    const vendor = await startVendor({ json: { code: 'E1' } })
    const refused = new IntegrationError({ kind: 'rejected', message: 'E1' })

    const error = await failureOf(
      plantedHttp(vendor.url, { readFailure: () => refused }).json(plantedRequest),
    )

    expect(error).toBe(refused)
  })
})

describe('the caller', () => {
  it('may give up in the middle: cancelled, outcome unknown', async () => {
    const giveUp = new AbortController()
    const { url, sockets } = await startRawServer(() => giveUp.abort())
    const http = plantedHttp(url, { signal: giveUp.signal })

    const error = await failureOf(http.json(plantedRequest))

    expect(error).toMatchObject({ kind: 'cancelled', outcome: 'unknown' })
    await expect.poll(() => sockets.size).toBe(0)
  })

  it('sends what it said, and nothing is sent twice', async () => {
    const vendor = await startVendor({ json: { ok: true } })

    await plantedHttp(vendor.url).json(plantedRequest)

    expect(vendor.received).toMatchObject([
      {
        method: 'POST',
        url: '/pay?key=planted-query-93',
        json: { password: 'planted-body-92' },
        headers: { authorization: 'Bearer planted-bearer-91', 'content-type': 'application/json' },
      },
    ])
  })

  it('signs anew what waited for its turn, so that no signature is stale', async () => {
    const vendor = await startVendor({ json: {} }, { json: {} })
    let [ms, signatures] = [0, 0]
    const clock = {
      now: () => new Date(ms),
      monotonicMs: () => ms,
      sleep: () => new Promise<void>(() => undefined),
    }
    const send = (waitMs: number) =>
      plantedHttp(vendor.url, {
        clock,
        authorize: () => void signatures++,
        gate: async () => void (ms += waitMs),
      }).send(plantedRequest)

    await send(10)
    expect(signatures).toBe(1)
    await send(5000)
    expect(signatures).toBe(3)
  })
})
