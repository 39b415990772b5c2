/** What every adapter of text messages must do, whoever the vendor is. Runs against its own twin. */
import { afterEach, describe, expect, it } from 'vitest'
import { secretsIn } from '../calls/redact.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { IntegrationError } from '../core/errors.ts'
import type { SmsResult } from '../core/kinds/sms.ts'
import type { WireFault } from '../core/twin.ts'
import { startTwin, type TwinServer } from '../http/twin-server.ts'
import { mayNext } from '../calls/repeat.ts'
import { connect } from './vendor.ts'
import { connectAdapter, type HarnessOptions, turnableClock } from './adapter-harness.ts'

/** The twin counts in `stats().messages` the texts it took, one for each number. */
export type SmsSubject = {
  /** A message that the twin takes, without its numbers. */
  message: { template: string; params: Record<string, string> | string[] } | { text: string }
  /** Config of the service beside what the twin's `config` gives, such as its templates. */
  config?: Record<string, unknown>
  options?: Record<string, unknown>
  /** E.164. `refused`: the twin refuses it for good; `limited`: it got too many. */
  numbers: { good: readonly [string, string]; refused: string; limited?: string }
  /** False: one number spoils the whole request. */
  answersPerNumber: boolean
  /** Config of an account that the vendor does not know. */
  wrongCredentials: Record<string, unknown>
  /** How long after the twin took it a message has arrived. */
  deliveredAfterMs: number
  /** Whether a status query finds a message of which nobody got the id. */
  settles: boolean
  /** A verification code in the message, which no log may show. */
  code?: string
}

/** Long enough for one status query where a message is found by it, too short for any where it is not. */
const deadlines = { settles: 3000, staysUnknown: 900 }

const servers: TwinServer[] = []

export function describeSms(adapter: AnyAdapter, subject: SmsSubject): void {
  const { numbers, message } = subject
  const [one, two] = numbers.good
  const deadlineMs = subject.settles ? deadlines.settles : deadlines.staysUnknown

  async function start(config: Record<string, unknown> = {}, options: HarnessOptions = {}) {
    const clock = turnableClock()
    const server = await startTwin(adapter.twin, subject.options, { clock })
    servers.push(server)
    const all = { ...server.config, ...subject.config, ...config }
    const harness = await connectAdapter(adapter, all, { clock, timeoutMs: 2000, ...options })
    return {
      ...harness,
      clock,
      faults: server.faults,
      messages: () => server.twin.stats().messages,
      send: async (...to: string[]) =>
        (await harness.call('send', { to, ...message })) as SmsResult,
    }
  }

  const failure = async (sending: Promise<unknown>): Promise<IntegrationError> => {
    const error: unknown = await sending.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(IntegrationError)
    return error as IntegrationError
  }

  describe(`${adapter.id} as every sms service`, () => {
    afterEach(async () => {
      await Promise.all(servers.splice(0).map((server) => server.close()))
    })

    it('sends to one number', async () => {
      const { send, messages } = await start()

      const sent = await send(one)

      expect(sent).toMatchObject({ status: 'accepted', partial: false })
      expect(sent.recipients).toMatchObject([{ to: one, status: 'accepted' }])
      expect(sent.messageId ?? sent.recipients[0]?.messageId).toMatch(/./)
      expect(messages()).toBe(1)
    })

    it('a rehearsal refuses what the real thing refuses, and takes what it takes', async () => {
      const { call, messages } = await start()
      const server = servers.at(-1)
      const config = adapter.config.parse({ ...server?.config, ...subject.config })
      const rehearse = (input: object) => () =>
        adapter.operations.send?.rehearse?.(config as never, input as never)
      const strange = { to: [one], template: 'no_such_template', params: {} }

      const thrown = await failure(call('send', strange))

      expect(rehearse({ to: [one], ...message })).not.toThrow()
      expect(thrown).toMatchObject({ kind: 'config', code: 'template_unknown' })
      expect(rehearse(strange)).toThrow(
        expect.objectContaining({ kind: thrown.kind, code: thrown.code, message: thrown.message }),
      )
      expect(messages()).toBe(0)
    })

    it('sends to several numbers, with a row for each', async () => {
      const { send, messages } = await start()

      const sent = await send(one, two)

      expect(sent).toMatchObject({ status: 'accepted', partial: false })
      expect(sent.recipients.map(({ to }) => to)).toEqual([one, two])
      expect(messages()).toBe(2)
    })

    it.skipIf(!subject.answersPerNumber)('a number that is refused among others', async () => {
      const { send, messages } = await start()

      const sent = await send(one, numbers.refused)

      expect(sent).toMatchObject({ status: 'accepted', partial: true })
      expect(sent.recipients).toMatchObject([
        { to: one, status: 'accepted' },
        { to: numbers.refused, status: 'failed', error: { kind: 'rejected' } },
      ])
      expect(messages()).toBe(1)
    })

    it.skipIf(subject.answersPerNumber)('a number that spoils the request', async () => {
      const { send, messages } = await start()

      const error = await failure(send(one, numbers.refused))

      expect(error).toMatchObject({ kind: 'rejected', outcome: 'not_done' })
      expect(messages()).toBe(0)
    })

    it('a number that is refused alone is an error, and no other service is asked', async () => {
      const { send, messages } = await start()

      const error = await failure(send(numbers.refused))

      expect(error).toMatchObject({ kind: 'rejected', outcome: 'not_done' })
      expect(mayNext(error, 'once')).toBe(false)
      const row = expect.objectContaining({ to: numbers.refused, status: 'failed' })
      expect(error.details).toEqual(subject.answersPerNumber ? [row] : undefined)
      expect(messages()).toBe(0)
    })

    it.skipIf(!numbers.limited)('a person’s own limit concerns nobody else', async () => {
      const { send, messages } = await start({}, { attempts: 1 })

      const error = await failure(send(numbers.limited ?? ''))

      expect(error).toMatchObject({ kind: 'rate_limited', scope: 'recipient', outcome: 'not_done' })
      expect(mayNext(error, 'once')).toBe(false)
      await send(one)
      expect(messages()).toBe(1)
    })

    it.each<[WireFault, number]>([
      ['act-then-timeout', 1],
      ['act-then-reset', 1],
      ['reset-in-body', 1],
      ['error-500', 0],
      ['garbage', 0],
      ['html', 0],
      ['reset', 0],
    ])('%s: nothing is sent again, and nobody claims to know', async (fault, atTheVendor) => {
      const { send, faults, messages } = await start({}, { timeoutMs: 400, deadlineMs })
      faults.add({ fault, times: 1, delay_ms: 1000 })

      const ended = await send(one).catch((thrown: unknown) => thrown)

      const isFound = subject.settles && atTheVendor === 1
      expect(ended).toMatchObject(isFound ? { recipients: [{ to: one }] } : { outcome: 'unknown' })
      expect(ended instanceof IntegrationError && mayNext(ended, 'once')).toBe(false)
      expect(messages()).toBe(atTheVendor)
    })

    it('too many requests', async () => {
      const { send, faults, messages } = await start({}, { attempts: 1 })
      faults.add({ fault: 'rate-limited', times: 1 })

      const error = await failure(send(one))

      expect(error).toMatchObject({ kind: 'rate_limited', outcome: 'not_done' })
      expect(error.scope ?? 'account').toBe('account')
      expect(messages()).toBe(0)
    })

    it('an error in the vendor’s own words is an error', async () => {
      const { send, faults, messages } = await start()
      faults.add({ fault: 'business-error' })

      expect(await failure(send(one))).toMatchObject({ kind: 'rejected', outcome: 'not_done' })
      expect(messages()).toBe(0)
    })

    it('tells what became of a message', async () => {
      const { send, call, clock } = await start()
      const sent = await send(one)
      const messageId = sent.messageId ?? sent.recipients[0]?.messageId
      const sentAt = clock.now().toISOString()

      const before = await call('status', { messageId, to: one, sentAt })
      clock.advance(subject.deliveredAfterMs)
      const after = await call('status', { messageId, to: one, sentAt })
      const other = await call('status', { messageId: '424242', to: two, sentAt })

      expect(['accepted', 'unknown']).toContain((before as { status: string }).status)
      expect(after).toMatchObject({ status: 'delivered' })
      expect(other).toMatchObject({ status: 'unknown' })
    })

    it('an account that the vendor does not know', async () => {
      const { send, check, messages } = await start(subject.wrongCredentials)

      expect(await failure(check())).toMatchObject({ kind: 'auth' })
      expect(await failure(send(one))).toMatchObject({ kind: 'auth', outcome: 'not_done' })
      expect(messages()).toBe(0)
    })

    it('a connection test sends nothing', async () => {
      const { check, messages } = await start()

      expect(await check()).toMatch(/./)
      expect(messages()).toBe(0)
    })

    it('no secret, no number and no code in the call log', async () => {
      const { send, check, faults, logged, service } = await start()
      await check()
      await send(one, two)
      faults.add({ fault: 'business-error', times: 1 })
      await failure(send(one))
      await send(one, numbers.refused).catch(() => undefined)

      const log = await logged()

      const national = [one, two, numbers.refused].map((number) => number.slice(-10))
      const hidden = [...secretsIn(service.config), ...national, ...[subject.code ?? []].flat()]
      expect(log).toContain('"operation":"send"')
      for (const text of hidden) expect(log).not.toContain(text)
    })
  })
}

/** What the adapter's own status query says of a call with this key, over the real call path. */
export async function settleSend(
  adapter: AnyAdapter,
  config: unknown,
  input: unknown,
  idempotencyKey: string,
): Promise<unknown> {
  const run: unknown = adapter.operations.send?.settle
  const asking = { ...adapter, operations: { send: { repeat: 'safe', run } } } as AnyAdapter
  const { call } = await connect(asking, config)
  return call('send', input, { idempotencyKey })
}
