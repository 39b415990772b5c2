import { describe, expect, it } from 'vitest'
import { IntegrationError } from '../../core/errors.ts'
import { describeAlert } from '../../testing/alert-conformance.ts'
import {
  checkOffline,
  classifications,
  classified,
  configCases,
  mapped,
  type Mapped,
  wantedOf,
  wantedResult,
} from '../../testing/messaging.ts'
import { connect, type PreparedReply, startVendor } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { slackWebhook } from './index.ts'

const path = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'
const alert = { title: 'sms-main is down', text: '5 calls failed' }

describeAlert(slackWebhook, {
  longest: null, // an alert is never as long as Slack allows, unless it is made of characters that are escaped
  wrong: { config: ({ webhook }) => ({ webhook: `${String(webhook)}-wrong` }) },
  refusals: [
    { says: 'a page', reply: { text: '<p>ok</p>' }, kind: 'bad_response' },
    { says: 'JSON', reply: { json: { ok: true } }, kind: 'bad_response' },
    { says: 'an empty body', reply: { text: '' }, kind: 'bad_response' },
  ],
})

async function connectTo(...replies: PreparedReply[]) {
  const vendor = await startVendor(replies)
  const config = { webhook: `${vendor.url}${path}` }
  return { vendor, ...(await connect(slackWebhook, config, { attempts: 1, perSecond: undefined })) }
}

const failing = async (asked: Promise<unknown>): Promise<IntegrationError> => {
  const error = await asked.catch((reason: unknown) => reason)
  if (!(error instanceof IntegrationError)) throw error
  return error
}

describe('vectors', () => {
  it.each(classifications('slack'))('$id', async ({ input, expect: wanted }) => {
    const { httpStatus: status, code = '' } = input
    const { headers } = input as { headers?: Record<string, string> }
    const { call } = await connectTo({ status, headers, text: String(code) })

    expect(classified(await failing(call('notify', alert)))).toMatchObject(wantedOf(wanted))
  })

  type Reply = { provider: string; httpStatus: number; rawBody: string }
  const replies = vectors<Reply, Mapped>(
    'messaging/result-mapping',
    ({ input }) => input.provider === 'slack',
  )
  it.each(replies)('$id', async ({ input, expect: wanted }) => {
    const { call } = await connectTo({ status: input.httpStatus, text: input.rawBody })

    const ended = await call('notify', alert).catch((reason: unknown) => reason)

    const told = ended instanceof IntegrationError ? mapped(ended) : ended
    expect(told).toMatchObject(wantedResult(wanted) as object)
  })

  it.each(configCases('slack'))('$id', ({ input, expect: { valid, field } }) => {
    const { faults } = checkOffline(slackWebhook, input.config)

    expect(faults).toEqual(valid ? [] : [field])
  })
})

it('escapes three characters and asks for no markup', async () => {
  const { vendor, call } = await connectTo({ text: 'ok' })

  await call('notify', { title: 'a < b', text: '*x* & <y>', level: 'warning' })

  expect(vendor.received[0]).toMatchObject({
    url: path,
    json: { text: '[warning] a &lt; b\n*x* &amp; &lt;y&gt;', mrkdwn: false },
  })
})

it('a text that escaping makes too long is cut to what Slack takes', async () => {
  const { vendor, call } = await connectTo({ text: 'ok' })

  const answer = await call('notify', { ...alert, text: '&'.repeat(20_000) })

  expect(answer).toMatchObject({ cut: true })
  const [{ text }] = vendor.received.map(({ json }) => json) as [{ text: string }]
  expect(text.length).toBeLessThanOrEqual(40_000)
  expect(text).toMatch(/&amp;…$/)
})

it.each([
  ['no_text', 400, 'the webhook is there'],
  ['invalid_payload', 400, 'the webhook is there'],
])('a check that is answered with %s has found the webhook', async (text, status, saw) => {
  const { vendor, check } = await connectTo({ status, text })

  expect(await check()).toBe(saw)
  expect(vendor.received[0]?.json).toEqual({})
})

it.each([
  ['no_service', 404],
  ['channel_is_archived', 410],
  ['action_prohibited', 403],
])('a check that is answered with %s has failed', async (text, status) => {
  const { check } = await connectTo({ status, text })

  expect(await failing(check())).toMatchObject({ kind: 'config', code: text })
})

it('an address that is no webhook is named and not shown', () => {
  const webhook = 'https://hooks.slack.com/services/T00000000'

  const { error } = slackWebhook.config.safeParse({ webhook })

  expect(error?.issues).toMatchObject([{ path: ['webhook'] }])
  expect(error?.message).not.toContain('T00000000')
})

it.each([201, 202, 204])('HTTP %i is not success: a proxy may answer so', async (status) => {
  const { call } = await connectTo({ status, text: '' })

  expect(await failing(call('notify', alert))).toMatchObject({ kind: 'bad_response', status })
})
