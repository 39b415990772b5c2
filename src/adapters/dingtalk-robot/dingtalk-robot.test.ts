import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { startTwin } from '../../http/twin-server.ts'
import { describeAlert } from '../../testing/alert-conformance.ts'
import { describeRobotVectors } from '../../testing/robot-vectors.ts'
import { connectAdapter, turnableClock } from '../../testing/adapter-harness.ts'
import { connect, fixture, startVendor } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { dingtalkRobot } from './index.ts'

const reply = fixture(import.meta.url)
const configAt = (url: string) => ({ webhook: `${url}/robot/send?access_token=TOKEN` })
const failure = (errcode: unknown, errmsg: string) => ({ errcode, errmsg })

describeAlert(dingtalkRobot, {
  longest: { max: 20_000, sizeOf: (character) => Buffer.byteLength(character) },
  wrong: { config: (right) => ({ ...right, secret: `SEC${'0'.repeat(64)}` }) },
  refusals: [
    { says: 'no such token', reply: { json: failure(300001, 'token is not exist') }, kind: 'auth' },
    { says: 'too long', reply: { json: failure(460101, 'too long') }, kind: 'rejected' },
    { says: 'an unlisted code', reply: { json: failure(999, 'no') }, kind: 'rejected' },
    { says: 'a code as text', reply: { json: failure('310000', 'sign not match') }, kind: 'auth' },
    { says: 'no code', reply: { json: {} }, kind: 'bad_response' },
  ],
  waitMs: 600_000,
})

describeRobotVectors(dingtalkRobot, {
  provider: 'dingtalk-robot',
  config: configAt,
  reply: failure,
})

type Signed = { provider: string; webhook: string; secret: string; timestampMs: number }

it.each(
  vectors<Signed, { url: string; signBase64: string }>(
    'messaging/alert-signatures',
    ({ input }) => input.provider === 'dingtalk-robot',
  ),
)('signs as $id', async ({ input, expect: meant }) => {
  const vendor = await startVendor(await reply('ok.json'))
  const { origin } = new URL(input.webhook)
  const webhook = input.webhook.replace(origin, vendor.url)
  const clock = { ...systemClock, now: () => new Date(input.timestampMs) }
  const { call } = await connect(dingtalkRobot, { webhook, secret: input.secret }, { clock })

  await call('notify', { title: 'title', text: 'text' })

  expect(vendor.received[0]?.url).toBe(meant.url.replace(origin, ''))
  const { searchParams } = new URL(vendor.received[0]?.url ?? '', vendor.url)
  expect(searchParams.get('sign')).toBe(meant.signBase64)
})

async function start(options: Record<string, unknown> = {}) {
  const clock = turnableClock()
  const server = await startTwin(dingtalkRobot.twin, options, { clock })
  onTestFinished(server.close)
  const connectWith = (more: Record<string, unknown> = {}, own = clock) =>
    connectAdapter(dingtalkRobot, { ...server.config, ...more }, { clock: own, attempts: 1 })
  return { server, clock, connectWith }
}

it('an attempt is signed anew', async () => {
  const vendor = await startVendor({ status: 503, text: '' }, await reply('ok.json'))
  let nowMs = 1_700_000_000_000
  const clock = { ...systemClock, now: () => new Date((nowMs += 60_000)) }
  const secret = `SEC${'a'.repeat(64)}`
  const { call } = await connect(
    dingtalkRobot,
    { ...configAt(vendor.url), secret },
    { clock, perSecond: undefined },
  )

  await call('notify', { title: 'title', text: 'text' })

  const [first, second] = vendor.received.map(({ url }) => new URL(url, vendor.url).searchParams)
  expect(first?.get('sign')).not.toBe(second?.get('sign'))
  expect(Number(second?.get('timestamp'))).toBeGreaterThan(Number(first?.get('timestamp')))
})

it('a clock that is wrong is named with the difference', async () => {
  const { connectWith, server } = await start()
  const late = turnableClock()
  late.advance(-2 * 3_600_000)
  const { call } = await connectWith({}, late)

  const asked = call('notify', { title: 'title', text: 'text' })

  await expect(asked).rejects.toMatchObject({
    kind: 'auth',
    code: '310000',
    hint: expect.stringMatching(
      /^The clock of this machine is 1[12]\d minutes behind the vendor’s\./,
    ),
  })
  expect(server.twin.stats()).toMatchObject({ bad_time: 1, posted: 0 })
})

it.each(['nothing of it', 'an ALERT of this and that'])(
  'the key word is added where it is missing: %s',
  async (text) => {
    const { connectWith, server } = await start({ keyword: 'ALERT' })
    const { call, check } = await connectWith()

    await call('notify', { title: 'title', text })
    await check()

    const [seen = ''] = (server.twin as unknown as { posted(): string[] }).posted()
    expect(seen.match(/ALERT/g)).toHaveLength(1)
    expect(seen).toContain(text)
  },
)

it('a key word in what was cut off is added too', async () => {
  const { connectWith, server } = await start({ keyword: 'ALERT' })
  const { call } = await connectWith()

  const result = await call('notify', { title: 'title', text: `${'ж'.repeat(15_000)} ALERT` })

  expect(result).toMatchObject({ status: 'delivered', cut: true })
  expect(server.twin.stats()).toMatchObject({ posted: 1, no_keyword: 0 })
})

it('a missing key word names the field that lacks', async () => {
  const { connectWith } = await start({ keyword: 'ALERT' })
  const { call } = await connectWith({ keyword: undefined })

  await expect(call('notify', { title: 'title', text: 'text' })).rejects.toMatchObject({
    kind: 'config',
    hint: expect.stringContaining('"keyword"'),
  })
})

it('people are called in the message and in its text', async () => {
  const { connectWith, server } = await start()
  const more = { mention_mobiles: ['18501234444'], mention_users: ['lihua'], mention_all: true }
  const { call } = await connectWith(more)

  await call('notify', { title: 'a', text: 'b', level: 'info' })
  await call('notify', { title: 'a', text: 'b'.repeat(30_000).slice(0, 20_000), level: 'critical' })

  expect(server.twin.stats()).toMatchObject({ posted: 2, mentions: 3 })
})

it('is silenced by its own limit of 20 a minute, and says for how long', async () => {
  const { connectWith } = await start({ per_minute: 20 })
  const { call } = await connectWith()
  for (let left = 20; left > 0; left--) await call('notify', { title: 'a', text: 'b' })

  await expect(call('notify', { title: 'a', text: 'b' })).rejects.toMatchObject({
    kind: 'rate_limited',
    retryAfterMs: 600_000,
  })
})
