import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SMTPServer } from 'smtp-server'
import { IntegrationError } from '../../core/errors.ts'
import type { AlertTwin } from '../../core/alert/chat.ts'
import type { AlertResult } from '../../core/kinds/alert.ts'
import { startTwin } from '../../http/twin-server.ts'
import { describeAlert } from '../../testing/alert-conformance.ts'
import { hasOpenssl, makeCertificate } from '../../testing/certificates.ts'
import { closedPort, startTlsFront, trust } from '../../testing/dead-ends.ts'
import { startRawServer } from '../../testing/http.ts'
import {
  checkOffline,
  classifications,
  classified,
  configCases,
  type Mapped,
  wantedOf,
} from '../../testing/messaging.ts'
import { connect, type Overrides } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { readRefusal } from './failures.ts'
import { smtp, toResult } from './index.ts'
import { toBytes, toMail } from './message.ts'
import type { Receipt } from './transport.ts'
import { readMail } from './twin-mail.ts'

const alert = { title: 'sms-main is down', text: '5 calls failed\nlast: HTTP 503' }

describeAlert(smtp, {
  longest: null,
  status: 'accepted',
  wrong: { config: (right) => ({ ...right, password: 'not-the-password' }) },
  waitMs: 300_000,
  wire: 'other',
  repeat: 'once',
})

async function start(options: object = {}, guards: Overrides = {}) {
  const server = await startTwin(smtp.twin, options as Record<string, unknown>)
  onTestFinished(server.close)
  const twin = server.twin as AlertTwin
  const connectTo = (changes: object = {}) =>
    connect(smtp, { ...server.config, ...changes }, { attempts: 1, ...guards })
  return { server, twin, connectTo, ...(await connectTo()) }
}

const failing = async (asked: Promise<unknown>): Promise<IntegrationError> => {
  const error = await asked.then(
    (answer) => new Error(`did not fail, but answered ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  )
  if (!(error instanceof IntegrationError)) throw error
  return error
}

describe('vectors', () => {
  it.each(classifications('smtp'))('$id', async ({ input, expect: wanted }) => {
    const { message = '' } = input
    const refusal = { responseCode: input.httpStatus, response: `${input.httpStatus} ${message}` }

    const { retryAfterSeconds: _, ...told } = classified(readRefusal(refusal))
    expect(told).toMatchObject(wantedOf(wanted))
  })

  type Reply = { provider: string; rawBody: string }
  const replies = vectors<Reply, Mapped>(
    'messaging/result-mapping',
    ({ input }) => input.provider === 'smtp',
  )
  it.each(replies)('$id', ({ input, expect: wanted }) => {
    const info = JSON.parse(input.rawBody) as Receipt & { messageId: string }

    const result = toResult(info, info.messageId.replace(/^<|>$/g, ''))

    const { status, partial, messageId, recipients = [] } = wanted
    expect(result).toMatchObject({ status, partial, messageId })
    expect(result.recipients).toMatchObject(
      recipients.map(({ to, status: of }) => ({ to, status: of })),
    )
    for (const [at, { error }] of recipients.entries()) {
      expect(result.recipients?.[at]?.error ?? '').toContain(error?.code ?? '')
      expect(result.recipients?.[at]?.error === undefined).toBe(error === undefined)
    }
  })

  // The vectors know nothing of alerts, which need a sender and somebody who reads them.
  const ours = { from: 'caravan@example.com', to: ['ops@example.com'] }
  it.each(configCases('smtp'))('$id', ({ input, expect: { valid, field, warning } }) => {
    const { faults, warnings } = checkOffline(smtp, { ...ours, ...input.config })

    expect(faults).toEqual(valid ? [] : [field])
    expect(warnings).toEqual(warning === undefined ? [] : [warning])
  })
})

describe('a mail', () => {
  it('has an id that is the same in every attempt, and no brackets in the answer', async () => {
    const { server, call, twin } = await start({}, { attempts: 3 })
    server.faults.add({ fault: 'error-500', path: 'data', times: 2 })

    const answer = await call('notify', alert, { idempotencyKey: 'key-1' })

    expect(answer).toMatchObject({ status: 'accepted', messageId: 'key-1@shop.example' })
    expect(twin.posted()).toHaveLength(1)
    expect(server.twin.stats()).toMatchObject({ messages: 1, logins: 3 })
  })

  it('bears its id, its date and a note that nobody need answer', async () => {
    const config = smtp.config.parse({
      host: 'smtp.example.com',
      from: 'caravan@example.com',
      from_name: 'Караван, "ops"',
      to: ['a@example.com', 'b@example.com'],
    })
    const at = new Date('2026-02-03T04:05:06Z')

    const mail = toMail({ ...alert, level: 'critical' }, config, 'a key. with dots', at)
    const bytes = (await toBytes(mail, config)).toString()
    const unfolded = bytes.replaceAll('\r\n ', ' ')

    expect(mail.messageId).toMatch(/^[0-9a-f]{64}@example\.com$/)
    expect(unfolded).toContain(`Message-ID: <${mail.messageId}>\r\n`)
    expect(bytes).toContain('Date: Tue, 03 Feb 2026 04:05:06 +0000\r\n')
    expect(bytes).toContain('Auto-Submitted: auto-generated\r\n')
    expect(unfolded).toMatch(/^From: (=\?UTF-8\?[BQ]\?\S+\?= )+<caravan@example\.com>\r$/m)
    expect(bytes).toContain('To: a@example.com, b@example.com\r\n')
    expect(bytes).not.toMatch(/[^\r]\n/)
    expect(readMail(Buffer.from(bytes))).toContain('[critical] sms-main is down\n5 calls failed')
  })

  it('a line break in a title makes no header: it is refused', async () => {
    const { call, twin } = await start()

    const sending = call('notify', { ...alert, title: 'a\r\nBcc: x@example.com' })

    await expect(sending).rejects.toMatchObject({ code: 'input_invalid' })
    expect(twin.posted()).toEqual([])
  })

  it('a subject of two lines is refused', async () => {
    const config = smtp.config.parse({ host: 'h', from: 'a@example.com', to: ['b@example.com'] })
    const mail = { subject: 'a\r\nBcc: b', text: '', messageId: 'x', date: new Date() }

    expect(await failing(toBytes(mail, config))).toMatchObject({ kind: 'rejected' })
  })

  it.each(['a@example.com\r\nDATA', 'a@b\n', 'a b@example.com', '<a@example.com>', 'a', ''])(
    'the address %j is refused',
    (wrong) => {
      const right = { host: 'h', from: 'a@example.com', to: ['b@example.com'] }

      expect(checkOffline(smtp, { ...right, from: wrong }).faults).toEqual(['from'])
      expect(checkOffline(smtp, { ...right, to: [wrong] }).faults).toEqual(['to'])
    },
  )
})

describe('recipients', () => {
  it('some refused is partial, with a row for each', async () => {
    const { call } = await start({ recipients: 2, refused: 1 })

    expect(await call('notify', alert)).toMatchObject({
      status: 'accepted',
      partial: true,
      recipients: [
        { to: 'ops@shop.example', status: 'accepted' },
        { to: 'ops2@shop.example', status: 'accepted' },
        {
          to: 'nobody@shop.example',
          status: 'failed',
          error: expect.stringMatching(/^550 the recipient was refused: 550 5\.1\.1 User unknown$/),
        },
      ],
    })
  })

  it('all refused is a failure, with a row for each', async () => {
    const { connectTo } = await start()
    const { call } = await connectTo({ to: ['nobody@shop.example', 'nobody2@shop.example'] })

    const error = await failing(call('notify', alert))

    expect(error).toMatchObject({ kind: 'rejected', outcome: 'not_done', code: '550' })
    expect(error.details).toMatchObject([
      { to: 'nobody@shop.example', status: 'failed', kind: 'rejected', code: '550' },
      { to: 'nobody2@shop.example', status: 'failed', kind: 'rejected', code: '550' },
    ])
  })
})

describe('outcomes', () => {
  it.each([
    ['reset', 'greeting', 'unavailable', 'not_done'],
    ['timeout', 'greeting', 'timeout', 'not_done'],
    ['garbage', 'greeting', 'bad_response', 'not_done'],
    ['reset', 'auth', 'unavailable', 'not_done'],
    ['timeout', 'rcpt', 'timeout', 'not_done'],
    ['error-500', 'mail', 'unavailable', 'not_done'],
    ['rate-limited', 'rcpt', 'rate_limited', 'not_done'],
    ['reset', 'data', 'unavailable', 'unknown'],
    ['timeout', 'data', 'timeout', 'unknown'],
    ['error-500', 'data', 'unavailable', 'not_done'],
    ['business-error', 'data', 'rejected', 'not_done'],
    ['act-then-reset', 'data', 'unavailable', 'unknown'],
    ['act-then-timeout', 'data', 'timeout', 'unknown'],
    ['reset-in-body', 'data', 'unavailable', 'unknown'],
  ] as const)('%s at %s is %s, %s', async (fault, path, kind, outcome) => {
    const { server, call, twin } = await start({}, { timeoutMs: 300 })
    server.faults.add({ fault, path, delay_ms: 1000 })

    const error = await failing(call('notify', alert))

    expect(error).toMatchObject({ kind, outcome })
    const hasActed = fault.startsWith('act') || fault === 'reset-in-body'
    expect(twin.posted()).toHaveLength(hasActed ? 1 : 0)
  })

  it('nobody listens: not done', async () => {
    const { connectTo } = await start()
    const { call } = await connectTo({ port: await closedPort() })

    expect(await failing(call('notify', alert))).toMatchObject({
      kind: 'unavailable',
      outcome: 'not_done',
      code: 'ECONNREFUSED',
      message: expect.stringContaining('no connection to the host'),
    })
  })

  it('a caller that gives up in the middle ends the connection', async () => {
    const { server, call, logged } = await start()
    server.faults.add({ fault: 'latency', path: 'data', delay_ms: 60_000 })
    const stop = new AbortController()

    const calling = call('notify', alert, { signal: stop.signal })
    while (server.twin.stats().logins === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()

    expect(await failing(calling)).toMatchObject({ kind: 'cancelled' })
    const { attempts } = await logged()
    expect(attempts).toHaveLength(1)
  })

  it('a server without a login is a fault of the config where a user is named', async () => {
    const port = await startPlainServer({ disabledCommands: ['STARTTLS', 'AUTH'] })
    const { connectTo } = await start()
    const { check } = await connectTo({ port })

    expect(await failing(check())).toMatchObject({ kind: 'config', outcome: 'not_done' })
  })

  it('the reply that refused a mail is logged with its code', async () => {
    const port = await startPlainServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('4.3.0 try later'), { responseCode: 451 })),
    })
    const { connectTo } = await start()
    const { call, logged } = await connectTo({ port, user: undefined, password: undefined })

    await failing(call('notify', alert))

    const { attempts } = await logged()
    expect(attempts.at(-1)).toMatchObject({ method: 'SMTP', status: 451 })
  })

  it('what is logged is the server, sizes, and no password', async () => {
    const { server, call, logged } = await start()

    await call('notify', alert)

    const { attempts } = await logged()
    expect(attempts).toMatchObject([{ method: 'SMTP', endpoint: server.url, status: 250 }])
    expect(attempts[0]?.request_bytes).toBeGreaterThan(400)
    expect(attempts[0]?.response_bytes).toBeGreaterThan(100)
  })
})

it('a server that quotes the password shows it to nobody', async () => {
  const port = await startPlainServer({
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _, answer) => {
      const said = `5.7.8 ${username} may not say ${password}`
      answer(Object.assign(new Error(said), { responseCode: 535 }))
    },
  })
  const { connectTo } = await start()
  const { call, logged } = await connectTo({ port, password: 'canary-"é"+1' })

  const error = await failing(call('notify', alert))

  expect(error).toMatchObject({ kind: 'auth', code: '535' })
  expect(error.message).toContain('caravan may not say ***')
  expect(inspect([error, await logged()], { depth: 20, showHidden: true })).not.toContain('canary-')
})

type ServerOptions = ConstructorParameters<typeof SMTPServer>[0]

async function startPlainServer(options: ServerOptions): Promise<number> {
  const server = new SMTPServer({ logger: false, disableReverseLookup: true, ...options })
  const listening = server.listen(0, '127.0.0.1')
  await new Promise((resolve) => listening.once('listening', resolve))
  server.on('error', () => undefined)
  onTestFinished(() => void server.close())
  return (listening.address() as { port: number }).port
}

describe.runIf(hasOpenssl())('TLS', () => {
  it('from the first byte', async () => {
    const certificate = makeCertificate('127.0.0.1')
    trust(certificate)
    const { server, connectTo, twin } = await start()
    const port = await startTlsFront(certificate, Number(new URL(server.url).port))
    const { call } = await connectTo({ port, secure: true })

    expect(await call('notify', alert)).toMatchObject({ status: 'accepted' })
    expect(twin.posted()).toHaveLength(1)
  })

  it('a certificate that nobody trusts is a fault of the config, and nothing was done', async () => {
    const { server, connectTo, twin } = await start()
    const front = await startTlsFront(
      makeCertificate('127.0.0.1'),
      Number(new URL(server.url).port),
    )
    const { call } = await connectTo({ port: front, secure: true })

    const error = await failing(call('notify', alert))

    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
    expect(error.message).toContain('TLS')
    expect(twin.posted()).toEqual([])
  })
})

// Names of this machine that are not known to be: what holds for any other host holds for them.
const elsewhere = '0.0.0.0'

describe('STARTTLS', () => {
  it('nothing is said to another host that does not offer it', async () => {
    const said: string[] = []
    const port = await startPlainServer({
      disabledCommands: ['STARTTLS'],
      onAuth: (auth, _, answer) => {
        said.push(String(auth.password))
        answer(null, { user: 'x' })
      },
    })
    const { connectTo } = await start()
    const { call } = await connectTo({ host: elsewhere, port })

    const error = await failing(call('notify', alert))

    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
    expect(error.hint).toContain('Nothing is sent in clear text')
    expect(said).toEqual([])
  })

  it.runIf(hasOpenssl())('is used where it is offered', async () => {
    const certificate = makeCertificate(elsewhere)
    trust(certificate)
    const seen: boolean[] = []
    const port = await startPlainServer({
      ...certificate,
      onAuth: (_, session, answer) => {
        seen.push(session.secure)
        answer(null, { user: 'x' })
      },
    })
    const { connectTo } = await start()
    const { check } = await connectTo({ host: elsewhere, port })

    expect(await check()).toBe(`${elsewhere} accepts the login`)
    expect(seen).toEqual([true])
  })
})

it('a login that stays silent ends in time', async () => {
  const { port } = await startRawServer(() => undefined)
  const { connectTo } = await start({}, { timeoutMs: 300 })
  const { check } = await connectTo({ port })

  expect(await failing(check())).toMatchObject({ kind: 'timeout', outcome: 'not_done' })
})

it('a user without a password is a fault', () => {
  const right = { host: 'h', from: 'a@example.com', to: ['b@example.com'] }

  expect(checkOffline(smtp, { ...right, user: 'u' }).faults).toEqual(['password'])
  expect(checkOffline(smtp, { ...right, password: 'p' }).faults).toEqual(['user'])
  expect(checkOffline(smtp, right).faults).toEqual([])
})

it('answers as the kind promises', async () => {
  const { call } = await start()

  const { cut, recipients } = (await call('notify', alert)) as AlertResult

  expect({ cut, recipients }).toEqual({
    cut: false,
    recipients: [{ to: 'ops@shop.example', status: 'accepted' }],
  })
})
