/** What every adapter of the kind `alert` must do, against its own twin over real connections. */
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { formsOf } from '../calls/secret-forms.ts'
import type { AnyAdapter, Repeat } from '../core/adapter.ts'
import type { AlertTwin } from '../core/alert/chat.ts'
import { type SizeOf, sizeOfText } from '../core/alert/cut.ts'
import { type FailureKind, IntegrationError } from '../core/errors.ts'
import { Alert, type AlertResult } from '../core/kinds/alert.ts'
import type { TwinReply, WireFault } from '../core/twin.ts'
import { startTwin } from '../http/twin-server.ts'
import { connectAdapter, type HarnessOptions, turnableClock } from './adapter-harness.ts'
import { secretsOf } from './canaries.ts'

export type AlertVendor = {
  /** Options of the twin for all tests. */
  twin?: Record<string, unknown>
  /** What a message may take in all, as people see it; `null` where nothing that fits an alert is too long. */
  longest: { max: number; sizeOf: SizeOf } | null
  /** What a success means: it stands in the chat, or it is on its way. Default `delivered`. */
  status?: AlertResult['status']
  /** A config whose credentials the vendor refuses, and how: an address with a wrong key may be `config`. */
  wrong: { config(right: Config): Config; kind?: FailureKind }
  /** Answers with HTTP 200 that are failures. */
  refusals?: { says: string; reply: TwinReply; kind: FailureKind }[]
  /** What is waited after "too many requests" where the vendor does not say how long, in milliseconds. */
  waitMs?: number
  /** `other`: not spoken to over HTTP, so faults of HTTP are left out. */
  wire?: 'http' | 'other'
  /** Default `safe`: an alert told twice is better than one that is not told. */
  repeat?: Repeat
  /** The vendor drops what it has had before. */
  dropsRepeats?: boolean
  /** False where a status alone says success, whatever the body is. */
  readsBody?: boolean
}

type Config = Record<string, unknown>

const alert = { title: 'sms-main is down', text: '5 calls failed\nlast: HTTP 503' }

/** Everything that markup, JSON, headers or a wrong encoding might spoil. */
const awkward = [
  `quotes " ' \` and back\\slashes`,
  '<b>bold</b> &amp; <a href="x">*stars* _lines_ [a](b) # {x} ~s~ |p| > 1 = 1 + 1 - 1 . !',
  '支付失败：订单已取消',
  'Остаток не обновлён, ещё раз',
  'fire 🔥, family 👨‍👩‍👧, flag 🇨🇳, e\u0301',
  '',
  'percent %41 %n ${x} {{y}} \t tab',
].join('\n')

export function describeAlert(adapter: AnyAdapter, vendor: AlertVendor): void {
  async function start(guards: HarnessOptions = {}) {
    const clock = turnableClock()
    const server = await startTwin(adapter.twin, vendor.twin ?? {}, { clock })
    onTestFinished(server.close)
    const twin = server.twin as AlertTwin
    const connect = (config: Config = server.config) =>
      connectAdapter(adapter, config, { clock, attempts: 1, ...guards })
    return { server, twin, connect, ...(await connect()) }
  }

  const failing = async (asked: Promise<unknown>): Promise<IntegrationError> => {
    const error = await asked.then(
      (answer) => new Error(`did not fail, but answered ${inspect(answer)}`),
      (reason: unknown) => reason,
    )
    if (!(error instanceof IntegrationError)) throw error
    return error
  }

  describe(`${adapter.id} as an alert channel`, () => {
    it.each(['info', 'warning', 'critical'])('tells title, text and level: %s', async (level) => {
      const { call, twin } = await start()

      const result = await call('notify', { ...alert, level })

      expect(result).toMatchObject({ status: vendor.status ?? 'delivered', cut: false })
      expect(twin.posted()).toHaveLength(1)
      const [seen = ''] = twin.posted()
      for (const part of [alert.title, alert.text, level]) expect(seen).toContain(part)
    })

    it('tells every text unharmed', async () => {
      const { call, twin } = await start()

      await call('notify', { title: 'a < b & "c" 订单 Ёлка 🔥', text: awkward })

      expect(twin.posted().join()).toContain(awkward)
      expect(twin.posted().join()).toContain('a < b & "c" 订单 Ёлка 🔥')
    })

    it.runIf(vendor.longest).each([
      ['x', 'letters'],
      ['订单', 'Chinese'],
      ['я\n', 'Russian and line breaks'],
      ['🔥', 'emoji'],
      ['"\u0001\\<&', 'characters that are escaped'],
    ])('cuts what is too long and says so: %s (%s)', async (piece) => {
      const { call, twin } = await start()
      const text = piece.repeat(Math.floor(20_000 / piece.length))
      const { max, sizeOf } = vendor.longest ?? { max: 0, sizeOf: () => 0 }

      const result = await call('notify', { ...alert, text })

      const [seen = ''] = twin.posted()
      expect(sizeOfText(seen, sizeOf)).toBeLessThanOrEqual(max)
      expect(seen.isWellFormed()).toBe(true)
      expect(seen).not.toContain('\ufffd')
      const isCut = !seen.includes(text.trim())
      expect(result).toMatchObject({ cut: isCut })
      expect(seen.includes('…')).toBe(isCut)
      expect(seen).toContain(alert.title)
    })

    it('refused credentials are named', async () => {
      const { server, connect, twin } = await start()
      const { call } = await connect(vendor.wrong.config(server.config))

      const error = await failing(call('notify', alert))

      expect(error).toMatchObject({ kind: vendor.wrong.kind ?? 'auth', outcome: 'not_done' })
      expect(error.hint).toMatch(/\.$/)
      expect(twin.posted()).toEqual([])
    })

    it('a check finds refused credentials', async () => {
      const { server, connect } = await start()
      const { check } = await connect(vendor.wrong.config(server.config))

      expect(await failing(check())).toMatchObject({ kind: vendor.wrong.kind ?? 'auth' })
    })

    it('a check posts nothing', async () => {
      const { check, twin } = await start()

      expect(await check()).not.toBe('')

      expect(twin.posted()).toEqual([])
    })

    it.runIf(vendor.refusals?.length).each(vendor.refusals ?? [])(
      'HTTP 200 is not success: $says is $kind',
      async ({ reply, kind }) => {
        const { server, call } = await start()
        server.twin.handle = () => ({ status: 200, ...reply })

        expect(await failing(call('notify', alert))).toMatchObject({ kind })
      },
    )

    it('the vendor’s limit is rate_limited, with its wait', async () => {
      const { server, call } = await start()
      server.faults.add({ fault: 'rate-limited', retry_after: 7 })

      const error = await failing(call('notify', alert))

      const retryAfterMs = vendor.waitMs ?? 7000
      expect(error).toMatchObject({ kind: 'rate_limited', outcome: 'not_done', retryAfterMs })
    })

    // Alerts are `safe` by policy: whoever is told twice that the shop is down is better off than one who was not told.
    it
      .skipIf(vendor.repeat === 'once')
      .each<WireFault>(
        vendor.wire === 'other'
          ? ['act-then-reset']
          : ['act-then-timeout', 'act-then-reset', 'reset-in-body'],
      )('is told again when it is not known whether it was: %s', async (fault) => {
      const { server, call, twin } = await start({ attempts: 2, timeoutMs: 300 })
      server.faults.add({ fault, times: 1, delay_ms: 1000 })

      const result = await call('notify', alert)

      expect(result).toMatchObject({ status: vendor.status ?? 'delivered' })
      expect(twin.posted()).toHaveLength(vendor.dropsRepeats ? 1 : 2)
    })

    it.runIf(vendor.repeat === 'once')(
      'is not told again when it is not known whether it was',
      async () => {
        const { server, call, twin } = await start({ attempts: 2 })
        server.faults.add({ fault: 'act-then-reset', times: 1 })

        const error = await failing(call('notify', alert))

        expect(error).toMatchObject({ kind: 'unavailable', outcome: 'unknown' })
        expect(twin.posted()).toHaveLength(1)
      },
    )

    const nonsense: [WireFault, FailureKind, string][] = [
      ['html', 'bad_response', 'unknown'],
      ['garbage', 'bad_response', 'unknown'],
    ]
    it
      .skipIf(vendor.wire === 'other')
      .each<[WireFault, FailureKind, string]>([
        ...(vendor.readsBody === false ? [] : nonsense),
        ['error-500', 'unavailable', 'unknown'],
        ['timeout', 'timeout', 'unknown'],
      ])('%s is %s', async (fault, kind, outcome) => {
      const { server, call } = await start({ timeoutMs: 300 })
      server.faults.add({ fault, delay_ms: 1000 })

      expect(await failing(call('notify', alert))).toMatchObject({ kind, outcome })
    })

    it('no secret, nor a part of one, stands in errors, hints or the call log', async () => {
      const { server, connect, service } = await start({ timeoutMs: 300 })
      const told: unknown[] = []
      const page: WireFault[] = vendor.readsBody === false ? [] : ['html']
      const faults: WireFault[] = [...page, 'error-500', 'timeout', 'reset', 'rate-limited']
      for (const fault of faults) {
        // Each in a state of its own: after "too many requests" the second would wait until the vendor allows it.
        const [asking, testing] = [await connect(), await connect()]
        server.faults.add({ fault, delay_ms: 1000 })
        told.push(await failing(asking.call('notify', alert)), await asking.logged())
        told.push(await failing(testing.check()), await testing.logged())
        server.faults.clear()
      }
      const wrong = await connect(vendor.wrong.config(server.config))
      told.push(await failing(wrong.call('notify', alert)), await wrong.logged())
      const right = await connect()
      told.push(await right.call('notify', alert), await right.check(), await right.logged())
      const quoting = await connect()
      const handle = server.twin.handle
      server.twin.handle = ({ path, query }) => ({ status: 400, text: `${path} ${query} ?` })
      told.push(await quoting.call('notify', alert).catch((error: unknown) => error))
      told.push(await quoting.logged())
      server.twin.handle = handle

      const shown = told.map((each) => inspect(each, { depth: 20, showHidden: true })).join('\n')
      const secrets = [wrong.service, service].flatMap(({ config }) => secretsOf(adapter, config))
      expect(secrets.length).toBeGreaterThan(0)
      for (const form of secrets.flatMap(formsOf)) expect(shown).not.toContain(form)
    })

    it('what it answers is what the kind promises', () => {
      expect(Alert.parse(alert).level).toBe('info')
      expect(adapter.operations.notify?.repeat).toBe(vendor.repeat ?? 'safe')
    })
  })
}
