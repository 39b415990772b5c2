import { expect, it, onTestFinished } from 'vitest'
import type { AlertTwin } from '../../core/alert/chat.ts'
import { systemClock } from '../../core/clock.ts'
import { startTwin } from '../../http/twin-server.ts'
import { connectAdapter, turnableClock } from '../../testing/adapter-harness.ts'
import { describeAlert } from '../../testing/alert-conformance.ts'
import { describeRobotVectors } from '../../testing/robot-vectors.ts'
import { connect, fixture, startVendor } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { feishuRobot } from './index.ts'

const reply = fixture(import.meta.url)
const configAt = (url: string) => ({
  webhook: `${url}/open-apis/bot/v2/hook/01234567-89ab-cdef-0123-456789abcdef`,
})
const failure = (code: unknown, msg: string) => ({ code, msg, data: {} })

describeAlert(feishuRobot, {
  longest: { max: 20 * 1024, sizeOf: (character) => Buffer.byteLength(character) },
  wrong: {
    config: ({ webhook, ...rest }) => ({
      ...rest,
      webhook: String(webhook).replace('3f6b', '0000'),
    }),
  },
  refusals: [
    { says: 'signature', reply: { json: failure(19021, 'sign match fail') }, kind: 'auth' },
    { says: 'too long', reply: { json: failure(19036, 'too large') }, kind: 'rejected' },
    { says: 'the old form', reply: { json: { StatusCode: 19024 } }, kind: 'config' },
    { says: 'an unlisted code', reply: { json: failure(77, 'no') }, kind: 'rejected' },
    { says: 'no code', reply: { json: { msg: 'success' } }, kind: 'bad_response' },
  ],
  waitMs: 60_000,
})

describeRobotVectors(feishuRobot, { provider: 'feishu-bot', config: configAt, reply: failure })

type Signed = { provider: string; secret: string; timestampSec: number }

it.each(
  vectors<Signed, { bodyFields: Record<string, string> }>(
    'messaging/alert-signatures',
    ({ input }) => input.provider === 'feishu-bot',
  ),
)('signs as $id', async ({ input: { secret, timestampSec }, expect: meant }) => {
  const vendor = await startVendor(await reply('ok.json'))
  const clock = { ...systemClock, now: () => new Date(timestampSec * 1000 + 900) }
  const { call } = await connect(feishuRobot, { ...configAt(vendor.url), secret }, { clock })

  await call('notify', { title: 'Stock', text: 'is old' })

  expect(vendor.received[0]).toMatchObject({ headers: { 'content-type': 'application/json' } })
  expect(vendor.received[0]?.json).toEqual({
    ...meant.bodyFields,
    msg_type: 'text',
    content: { text: '[info] Stock\nis old' },
  })
})

async function start(options: Record<string, unknown> = {}) {
  const clock = turnableClock()
  const server = await startTwin(feishuRobot.twin, options, { clock })
  onTestFinished(server.close)
  const twin = server.twin as AlertTwin
  const connectWith = (more: Record<string, unknown> = {}, own = clock) =>
    connectAdapter(feishuRobot, { ...server.config, ...more }, { clock: own, attempts: 1 })
  return { twin, connectWith }
}

it('works without a signature where the robot asks for none', async () => {
  const { twin, connectWith } = await start({ signed: false })
  const { call } = await connectWith()

  await call('notify', { title: 'a', text: 'b' })

  expect(twin.posted()).toEqual(['[info] a\nb'])
})

it('a wrong secret is found by a check', async () => {
  const { connectWith } = await start()
  const { check } = await connectWith({ secret: 'another' })

  await expect(check()).rejects.toMatchObject({
    kind: 'auth',
    code: '19021',
    hint: expect.stringMatching(/^Compare "secret"/),
  })
})

it('a clock that is wrong is named with the difference', async () => {
  const { connectWith } = await start()
  const early = turnableClock()
  early.advance(2 * 3_600_000)
  const { check } = await connectWith({}, early)

  await expect(check()).rejects.toMatchObject({
    hint: expect.stringMatching(/^The clock of this machine is 1[12]\d minutes ahead of/),
  })
})

it('people are called from the configured level on, and by nobody’s text', async () => {
  const { twin, connectWith } = await start({ keyword: 'shop' })
  const { call } = await connectWith({ mention_users: ['ou_1'], mention_all: true })
  const text = 'quoted: <at user_id="all"></at> <b>'

  await call('notify', { title: 'a', text, level: 'info' })
  expect(twin.stats()).toMatchObject({ posted: 1, mentions: 0 })
  await call('notify', { title: 'a', text: text.repeat(500), level: 'critical' })

  expect(twin.stats()).toMatchObject({ posted: 2, mentions: 2 })
  expect(twin.posted()[0]).toBe('shop [info] a\nquoted: <\u200bat user_id="all"><\u200b/at> <b>')
})

it.each([
  ['https://open.feishu.cn/open-apis/bot/v2/hook/', 'own id'],
  ['https://open.feishu.cn/open-apis/bot/hook/abc', 'old version'],
  ['https://open.feishu.cn/', 'own id'],
  ['https://user:pw@open.feishu.cn/open-apis/bot/v2/hook/abc', 'user name'],
])('%s is refused by its %s', (webhook, words) => {
  const { error } = feishuRobot.config.safeParse({ webhook })

  expect(error?.issues).toMatchObject([
    { path: ['webhook'], message: expect.stringContaining(words) },
  ])
})
