import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { type Certificate, hasOpenssl, makeCertificate } from '../../testing/certificates.ts'
import { closedPort, trust } from '../../testing/dead-ends.ts'
import { startRawServer } from '../../testing/http.ts'
import { type Lookup, open, placeOf } from './connect.ts'
import { readConnectFault } from './finding.ts'
import { createProber, type OriginReport, type ProberOptions } from './index.ts'

const rungMs = 400

const prober = (options: Partial<ProberOptions> = {}) =>
  createProber({
    clock: systemClock,
    env: {},
    signal: new AbortController().signal,
    rungMs,
    ...options,
  })

const look = (url: string, options?: Partial<ProberOptions>, proxy?: string) =>
  prober(options).look(url, proxy)

/** `{ dns: 'ok', tcp: 'connection_refused' }`: what each rung came to. */
const endsOf = ({ findings }: OriginReport): Record<string, string> =>
  Object.fromEntries(
    Object.entries(findings).map(([rung, { status, cause }]) => [rung, cause ?? status]),
  )

const atLoopback: Lookup = async () => [{ address: '127.0.0.1', family: 4 }]
const failing = (code: string) => () =>
  Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }))

async function startHttp(answer: RequestListener): Promise<string> {
  const server = createHttpServer(answer)
  return `http://127.0.0.1:${await listening(server)}`
}

async function startHttps({ key, cert }: Certificate): Promise<number> {
  return listening(createHttpsServer({ key, cert }, (_, response) => response.end()))
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    if ('closeAllConnections' in server)
      (server as { closeAllConnections(): void }).closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

describe('names', () => {
  it('a name that no network knows is an unknown host', async () => {
    const report = await look('https://caravan-test.invalid', { lookup: failing('ENOTFOUND') })

    expect(endsOf(report)).toEqual({ dns: 'dns_unknown_host' })
    expect(report.findings.dns?.saw).toBe('there is no host named caravan-test.invalid (ENOTFOUND)')
  })

  it('the resolver of this machine fails for a name that nobody may have', async () => {
    const report = await look('https://caravan-test.invalid', { rungMs: 10_000 })

    // Without a network there is no answer, which is another cause.
    expect(['dns_unknown_host', 'dns_failed']).toContain(endsOf(report).dns)
    expect(report.findings.tcp).toBeUndefined()
  })

  it.each(['EAI_AGAIN', 'ESERVFAIL', 'EAI_FAIL'])('%s is no answer', async (code) => {
    const report = await look('https://api.example.com', { lookup: failing(code) })

    expect(endsOf(report)).toEqual({ dns: 'dns_failed' })
  })

  it('a resolver that stays silent is given up', async () => {
    const report = await look('https://api.example.com', { lookup: () => new Promise(() => {}) })

    expect(endsOf(report)).toEqual({ dns: 'dns_failed' })
  })
})

describe('ports', () => {
  it('a closed port refuses', async () => {
    const port = await closedPort()

    const report = await look(`http://127.0.0.1:${port}`)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'connection_refused' })
    expect(report.findings.tcp?.saw).toBe(`127.0.0.1:${port} refused the connection (ECONNREFUSED)`)
  })

  it.each([
    [['ETIMEDOUT'], 'connection_timeout'],
    [['EHOSTUNREACH'], 'network_unreachable'],
    [['ENETUNREACH', 'ECONNREFUSED'], 'connection_refused'],
    [['ENETUNREACH', 'ETIMEDOUT'], 'connection_timeout'],
    [['ECONNRESET'], 'connection_broken'],
  ])('%s of the addresses of a host is %s', (codes, cause) => {
    const errors = codes.map((code) => Object.assign(new Error(code), { code }))

    expect(readConnectFault(new AggregateError(errors), 'api.example.com:443').why).toBe(cause)
  })

  it('a connection that is not made within the time of the rung is a timeout', async () => {
    const place = { host: '127.0.0.1', port: await closedPort() }

    const opening = open(place, [{ address: '127.0.0.1', family: 4 }], AbortSignal.abort())

    await expect(opening).rejects.toMatchObject({ why: 'connection_timeout' })
  })

  it('a silent listener has a port, and its clock is not seen', async () => {
    const { url } = await startRawServer(() => undefined)

    const report = await look(url)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'skipped', clock: 'skipped' })
    expect(report.findings.tls?.saw).toBe('none: plain http')
    expect(report.findings.clock?.saw).toBe('not seen: no answer to a plain request')
  })

  it('a silent listener on a TLS port does not shake hands', async () => {
    const { port } = await startRawServer(() => undefined)

    const report = await look(`https://127.0.0.1:${port}`)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'tls_failed' })
    expect(report.findings.tls?.saw).toContain('the TLS handshake was not answered')
  })

  it.each([
    ['plain text', (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['an end', (socket: Socket) => void socket.end()],
    ['a reset', (socket: Socket) => void socket.resetAndDestroy()],
  ])('%s on a TLS port is no TLS', async (_, answer) => {
    const { port } = await startRawServer(answer)

    const report = await look(`https://127.0.0.1:${port}`)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'tls_failed' })
  })
})

describe('clocks', () => {
  const dated = (aheadMs: number): RequestListener => {
    return (_, response) =>
      response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString()).end()
  }

  it.each([
    ['in step', 0, 'ok', 'in step'],
    ['a minute behind', 60_000, 'warning', /^this machine is (59|60|61) s behind 127/],
    ['a minute ahead', -60_000, 'warning', /^this machine is (59|60|61) s ahead of 127/],
    ['an hour behind', 3_600_000, 'clock_skewed', /^this machine is 3(599|600|601) s behind/],
    ['an hour ahead', -3_600_000, 'clock_skewed', /ahead of/],
  ])('a machine that is %s', async (_, aheadMs, end, saw) => {
    const url = await startHttp(dated(aheadMs))

    const report = await look(url)

    expect(endsOf(report).clock).toBe(end)
    expect(report.findings.clock?.saw).toMatch(saw)
  })

  const before = (now: Date) => new Date(now.getTime() - 3_600_000).toUTCString()
  const no = 'not seen: its Date header is no date'

  it('an answer without a date says nothing', async () => {
    const url = await startHttp((_, response) => {
      response.sendDate = false
      response.end()
    })

    expect((await look(url)).findings.clock).toMatchObject({
      status: 'skipped',
      saw: 'not seen: no Date header',
    })
  })

  const utc = (text: string) =>
    text.replace(/^(\w+), (\d+) (\w+) (\d+) (\S+) GMT/, '$1 $3 $2 $5 $4')

  it.each([
    ['from a cache, an hour old', (now: Date) => [before(now), '3600'], 'in step'],
    ['in the oldest form, without a zone', (now: Date) => [utc(now.toUTCString())], 'in step'],
    ['of a form of its own, without a zone', (now: Date) => [now.toISOString().slice(0, 19)], no],
    ['that is a number', () => ['5'], no],
  ])('a date %s does not make a wrong clock', async (_, headersAt, saw) => {
    const zone = process.env.TZ
    process.env.TZ = 'Asia/Shanghai'
    onTestFinished(
      () => void (zone === undefined ? delete process.env.TZ : (process.env.TZ = zone)),
    )
    const url = await startHttp((_request, response) => {
      const [date = '', age] = headersAt(new Date())
      response.setHeader('date', date)
      if (age !== undefined) response.setHeader('age', age)
      response.end()
    })

    expect((await look(url)).findings.clock).toMatchObject({ saw })
  })

  it('asks with HEAD for the root, without credentials, and once for all who share it', async () => {
    const asked: unknown[] = []
    const url = await startHttp(({ method, url: path, headers }, response) => {
      asked.push({ method, path, headers: Object.keys(headers).toSorted() })
      response.end()
    })
    const shared = prober()

    await Promise.all([shared.look(`${url}/a?key=1`), shared.look(`${url}/b`)])

    expect(asked).toEqual([{ method: 'HEAD', path: '/', headers: ['connection', 'host'] }])
  })
})

describe.runIf(hasOpenssl())('certificates', () => {
  it('one that is trusted tells its end', async () => {
    const certificate = makeCertificate('127.0.0.1', { days: 90 })
    trust(certificate)

    const report = await look(`https://127.0.0.1:${await startHttps(certificate)}`)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'ok', clock: 'ok' })
    expect(report.findings.tls?.saw).toMatch(/^TLSv1\.3, the certificate ends in 89 days$/)
  })

  it('one that ends within two weeks is a warning', async () => {
    const certificate = makeCertificate('127.0.0.1', { days: 10 })
    trust(certificate)

    const report = await look(`https://127.0.0.1:${await startHttps(certificate)}`)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'warning', clock: 'ok' })
    expect(report.findings.tls?.saw).toContain('ends in 9 days')
  })

  it.each([
    ['has ended', { expired: true }, 'tls_expired', /is good from \d{4}-\d\d-\d\d to \d{4}/, true],
    ['is for another', {}, 'tls_wrong_host', /is for other\.example/, true],
    ['nobody trusts', {}, 'tls_untrusted', /is signed by 127\.0\.0\.1, which is not/, false],
  ])('one that %s is refused', async (name, options, cause, saw, isTrusted) => {
    const host = name === 'is for another' ? 'other.example' : '127.0.0.1'
    const certificate = makeCertificate(host, options)
    if (isTrusted) trust(certificate)

    const report = await look(`https://127.0.0.1:${await startHttps(certificate)}`)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: cause })
    expect(report.findings.tls?.saw).toMatch(saw)
  })

  it('nothing is sent to a host whose certificate was not accepted', async () => {
    const certificate = makeCertificate('127.0.0.1')
    let asked = 0
    const { key, cert } = certificate
    const port = await listening(createHttpsServer({ key, cert }, () => asked++))

    await look(`https://127.0.0.1:${port}`)

    expect(asked).toBe(0)
  })
})

describe('proxies', () => {
  /** Answers CONNECT with `status`; with 200 it connects to the loopback port that is asked for. */
  async function startProxy(status: number) {
    const heads: string[] = []
    const server = createServer((client) => {
      client.on('error', () => undefined)
      client.once('data', (data: Buffer) => {
        heads.push(data.toString())
        if (status !== 200) return void client.end(`HTTP/1.1 ${status} No\r\n\r\n`)
        const target = Number(/:(\d+) HTTP/.exec(data.toString())?.[1])
        const upstream = connect(target, '127.0.0.1', () => {
          client.write('HTTP/1.1 200 Connection established\r\n\r\n')
          client.pipe(upstream).pipe(client)
        })
        upstream.on('error', () => client.destroy())
      })
    })
    return { heads, port: await listening(server) }
  }

  it.runIf(hasOpenssl())(
    'TLS goes through CONNECT, and the certificate is the host’s',
    async () => {
      const certificate = makeCertificate('api.example.com', { days: 90 })
      trust(certificate)
      const port = await startHttps(certificate)
      const proxy = await startProxy(200)

      const report = await look(
        `https://api.example.com:${port}`,
        {},
        `http://user:p%40ss@127.0.0.1:${proxy.port}`,
      )

      expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'ok', clock: 'ok' })
      expect(proxy.heads[0]).toBe(
        `CONNECT api.example.com:${port} HTTP/1.1\r\nHost: api.example.com:${port}\r\n` +
          `Proxy-Authorization: Basic ${Buffer.from('user:p@ss').toString('base64')}\r\n\r\n`,
      )
      expect(JSON.stringify(report)).not.toMatch(/p%40ss|p@ss|user/)
    },
  )

  it.each([407, 403, 502])('one that answers %i is at fault', async (status) => {
    const { port } = await startProxy(status)

    const report = await look('https://api.example.com', {
      env: { HTTPS_PROXY: `http://127.0.0.1:${port}` },
    })

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'proxy_failed' })
    expect(report.findings.tcp?.saw).toContain(`answered HTTP ${status}`)
  })

  it('one that is not there, has no name or stays silent is at fault', async () => {
    const silent = await startRawServer(() => undefined)
    const through = (proxy: string, options = {}) =>
      look('https://api.example.com', options, proxy).then(endsOf)

    expect(await through(`http://127.0.0.1:${await closedPort()}`)).toMatchObject({
      tcp: 'proxy_failed',
    })
    expect(await through('http://proxy.example:3128', { lookup: failing('ENOTFOUND') })).toEqual({
      dns: 'proxy_failed',
    })
    expect(await through(silent.url)).toMatchObject({ tcp: 'proxy_failed' })
  })

  it('one whose user name cannot be decoded is named, and no part of it is shown', async () => {
    const { port } = await startProxy(200)

    const report = await look('https://api.example.com', {}, `http://us%ZZer:pw@127.0.0.1:${port}`)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'proxy_failed' })
    expect(report.findings.tcp?.saw).toContain('has to be written as %25')
    expect(JSON.stringify(report)).not.toMatch(/us%ZZer|pw@/)
  })

  it('a plain address is asked for in whole', async () => {
    const asked: string[] = []
    const url = await startHttp(({ url: path = '' }, response) => {
      asked.push(path)
      response.end()
    })

    const report = await look('http://api.example.com/x', { lookup: atLoopback }, url)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'skipped', clock: 'ok' })
    expect(asked).toEqual(['http://api.example.com/'])
  })
})

describe('mail servers', () => {
  it('has a name and a port, says nothing of TLS and time, and is told nothing', async () => {
    const heard: string[] = []
    const { port } = await startRawServer((socket) => void heard.push(String(socket.read())))

    const report = await look(`smtp://127.0.0.1:${port}`)

    expect(report.origin).toBe(`smtp://127.0.0.1:${port}`)
    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'skipped', clock: 'skipped' })
    expect(report.findings.tls?.saw).toContain('STARTTLS')
    expect(report.findings.clock?.saw).toContain('a mail server')
    expect(heard).toEqual([])
  })

  it.runIf(hasOpenssl())('its certificate is read where TLS comes first', async () => {
    const certificate = makeCertificate('127.0.0.1', { days: 90 })
    trust(certificate)

    const report = await look(`smtps://127.0.0.1:${await startHttps(certificate)}`)

    expect(endsOf(report)).toEqual({ dns: 'ok', tcp: 'ok', tls: 'ok', clock: 'skipped' })
  })

  it('is not reached through a proxy', async () => {
    const proxy = `http://127.0.0.1:${await closedPort()}`
    const { port } = await startRawServer(() => undefined)

    const report = await look(`smtp://mail.example.com:${port}`, { lookup: atLoopback }, proxy)

    expect(endsOf(report)).toMatchObject({ dns: 'ok', tcp: 'ok' })
  })

  it('has the usual port where none is named', async () => {
    const report = await look('smtps://mail.example.com', { lookup: failing('ENOTFOUND') })

    expect(report.origin).toBe('smtps://mail.example.com')
    expect(endsOf(report)).toEqual({ dns: 'dns_unknown_host' })
    expect(placeOf(new URL('smtps://mail.example.com')).port).toBe(465)
    expect(placeOf(new URL('smtp://mail.example.com')).port).toBe(587)
  })
})

it('a signal ends it with its reason', async () => {
  const { url } = await startRawServer(() => undefined)
  const stop = new AbortController()

  const looking = look(url, { signal: stop.signal, rungMs: 60_000 })
  stop.abort('enough')

  await expect(looking).rejects.toBe('enough')
})
