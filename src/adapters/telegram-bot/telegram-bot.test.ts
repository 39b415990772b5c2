import { describe, expect, it } from 'vitest'
import { inUnits } from '../../core/alert/cut.ts'
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
import { connect, fixture, type PreparedReply, startVendor } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { telegramBot } from './index.ts'

const reply = fixture(import.meta.url)
const token = '123456789:AAEexampleexampleexampleexampleexam'
const alert = { title: 'sms-main is down', text: '5 calls failed' }

describeAlert(telegramBot, {
  longest: { max: 4096, sizeOf: inUnits },
  wrong: { config: (right) => ({ ...right, token }) },
  refusals: [
    { says: 'ok is false', reply: { json: { ok: false, error_code: 403 } }, kind: 'rejected' },
    { says: 'no result', reply: { json: { ok: true } }, kind: 'bad_response' },
    { says: 'an empty body', reply: { text: '' }, kind: 'bad_response' },
  ],
})

async function connectTo(...replies: PreparedReply[]) {
  const vendor = await startVendor(replies)
  const config = { base_url: vendor.url, token, chat_id: '-1001234567890' }
  return { vendor, ...(await connect(telegramBot, config, { attempts: 1, perSecond: undefined })) }
}

const failing = async (asked: Promise<unknown>): Promise<IntegrationError> => {
  const error = await asked.catch((reason: unknown) => reason)
  if (!(error instanceof IntegrationError)) throw error
  return error
}

describe('vectors', () => {
  it.each(classifications('telegram'))('$id', async ({ input, expect: wanted }) => {
    const { httpStatus: status, code, message: description } = input
    const { body = code && { ok: false, error_code: code, description } } =
      input as typeof input & {
        body?: unknown
      }
    const answer = body ? { status, json: body } : { status, text: '' }
    const { call } = await connectTo(answer, answer) // a text whose markup is refused is sent once more

    expect(classified(await failing(call('notify', alert)))).toMatchObject(wantedOf(wanted))
  })

  type Reply = { provider: string; httpStatus: number; rawBody: string }
  const replies = vectors<Reply, Mapped>(
    'messaging/result-mapping',
    ({ input }) => input.provider === 'telegram',
  )
  it.each(replies)('$id', async ({ input, expect: wanted }) => {
    const { call } = await connectTo({ status: input.httpStatus, text: input.rawBody })

    const ended = await call('notify', alert).catch((reason: unknown) => reason)

    const told = ended instanceof IntegrationError ? mapped(ended) : ended
    expect(told).toMatchObject(wantedResult(wanted) as object)
  })

  it.each(configCases('telegram'))('$id', ({ input, expect: { valid, field } }) => {
    const { faults } = checkOffline(telegramBot, input.config)

    expect(faults).toEqual(valid ? [] : [field])
  })
})

it('sends HTML with its three entities, once more as plain text when that is not understood', async () => {
  const { vendor, call } = await connectTo(
    await reply('400-entities.json'),
    await reply('sent.json'),
  )

  const answer = await call('notify', { ...alert, title: 'a < b & c', level: 'critical' })

  expect(answer).toEqual({
    status: 'delivered',
    partial: false,
    messageId: '-1001234567890:365',
    cut: false,
  })
  expect(vendor.received.map(({ json }) => json)).toEqual([
    {
      chat_id: '-1001234567890',
      text: '<b>[critical] a &lt; b &amp; c</b>\n5 calls failed',
      parse_mode: 'HTML',
      link_preview_options: { is_disabled: true },
    },
    {
      chat_id: '-1001234567890',
      text: '[critical] a < b & c\n5 calls failed',
      link_preview_options: { is_disabled: true },
    },
  ])
})

it('plain text that is refused as well is not sent a third time', async () => {
  const entities = await reply('400-entities.json')
  const { vendor, call } = await connectTo(entities, entities)

  expect(await failing(call('notify', alert))).toMatchObject({ kind: 'rejected' })
  expect(vendor.received).toHaveLength(2)
})

it('a group that moved names its new id, digit by digit', async () => {
  const { call } = await connectTo(await reply('400-migrated.json'))

  const error = await failing(call('notify', alert))

  expect(error).toMatchObject({ kind: 'config', failover: false })
  expect(error.hint).toContain('"-1009876543210987"')
})

it('ids beyond the numbers of JavaScript keep their digits', async () => {
  const { call } = await connectTo({
    json: undefined,
    text: '{"ok":true,"result":{"message_id":9007199254740993,"chat":{"id":-9223372036854775807}}}',
  })

  expect(await call('notify', alert)).toMatchObject({
    messageId: '-9223372036854775807:9007199254740993',
  })
})

it('information makes no sound, unless it is told to', async () => {
  const { vendor, call } = await connectTo(await reply('sent.json'))

  await call('notify', { ...alert, level: 'info' })

  expect(vendor.received[0]).toMatchObject({ json: { disable_notification: true } })
})

it.each([
  ['a blank', `${token} `, 'has blanks or a line end before or behind it'],
  ['"bot"', `bot${token}`, 'must be digits, a colon and 35 characters, without "bot" before it'],
])('a token with %s is named and not shown', (_, given, says) => {
  const config = { token: given, chat_id: '1' }

  const { error } = telegramBot.config.safeParse(config)

  expect(error?.issues).toMatchObject([{ path: ['token'], message: says }])
  expect(error?.message).not.toContain(token)
})
