import { expect, it } from 'vitest'
import { inBytes } from '../../core/alert/cut.ts'
import { describeAlert } from '../../testing/alert-conformance.ts'
import { describeRobotVectors } from '../../testing/robot-vectors.ts'
import { connect, fixture, startVendor } from '../../testing/vendor.ts'
import { wecomRobot } from './index.ts'

const reply = fixture(import.meta.url)
const configAt = (url: string) => ({
  webhook: `${url}/cgi-bin/webhook/send?key=693a91f6-7abc-4bc4-97a0-0ec2af1a5aaa`,
})
const failure = (errcode: unknown, errmsg: string) => ({ errcode, errmsg })

describeAlert(wecomRobot, {
  longest: { max: 2048, sizeOf: inBytes },
  wrong: {
    config: ({ webhook }) => ({ webhook: String(webhook).replace('693a', '0000') }),
    kind: 'config',
  },
  refusals: [
    { says: 'unknown key', reply: { json: failure(93000, 'invalid webhook url') }, kind: 'config' },
    { says: 'too long', reply: { json: failure(45002, 'content exceed') }, kind: 'rejected' },
    { says: 'an unlisted code', reply: { json: failure(301002, 'no') }, kind: 'rejected' },
    { says: 'no code', reply: { json: { ok: true } }, kind: 'bad_response' },
    { says: 'a list', reply: { json: [] }, kind: 'bad_response' },
  ],
  waitMs: 60_000,
})

describeRobotVectors(wecomRobot, { provider: 'wecom-robot', config: configAt, reply: failure })

it('posts to the address as it is configured, as text', async () => {
  const vendor = await startVendor(await reply('ok.json'))
  const { call } = await connect(wecomRobot, configAt(vendor.url))

  const result = await call('notify', { title: 'Stock', text: 'is old', level: 'warning' })

  expect(result).toEqual({ status: 'delivered', partial: false, cut: false })
  expect(vendor.received[0]).toMatchObject({
    method: 'POST',
    url: '/cgi-bin/webhook/send?key=693a91f6-7abc-4bc4-97a0-0ec2af1a5aaa',
    json: { msgtype: 'text', text: { content: '[warning] Stock\nis old' } },
  })
})

it('calls people by name from the configured level on', async () => {
  const vendor = await startVendor(await reply('ok.json'), await reply('ok.json'))
  const config = { mention_users: ['lihua'], mention_mobiles: ['18501234444'], mention_all: true }
  const { call } = await connect(
    wecomRobot,
    { ...configAt(vendor.url), ...config, mention_from: 'critical' },
    { perSecond: undefined },
  )

  await call('notify', { title: 'a', text: 'b', level: 'warning' })
  await call('notify', { title: 'a', text: 'b', level: 'critical' })

  expect(vendor.received.map(({ json }) => json)).toEqual([
    { msgtype: 'text', text: { content: '[warning] a\nb' } },
    {
      msgtype: 'text',
      text: {
        content: '[critical] a\nb',
        mentioned_list: ['lihua', '@all'],
        mentioned_mobile_list: ['18501234444'],
      },
    },
  ])
})

it('a key that is no UUID is a warning, a blank around the address a fault', () => {
  const { config, warnConfig } = wecomRobot
  const odd = config.parse({ webhook: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc' })

  expect(warnConfig?.(odd)).toMatchObject([{ field: 'webhook' }])
  const wrong = ['http://example.com/send?key=abc', ' https://example.com/send?key=abc', 'abc']
  for (const webhook of wrong) expect(config.safeParse({ webhook }).success).toBe(false)
})
