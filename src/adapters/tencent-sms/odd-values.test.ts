/** Values that the vendor or an operator should not write, and may. */
import { expect, it } from 'vitest'
import { surrounded } from '../../core/secret-form.ts'
import { turnableClock } from '../../testing/adapter-harness.ts'
import { connect, type PreparedReply, startVendor } from '../../testing/vendor.ts'
import { account } from './twin-door.ts'
import { tencentSms } from './index.ts'

const one = '+8618501234444'
const config = {
  secret_id: account.secretId,
  secret_key: account.secretKey,
  app_id: account.appId,
  sign_name: account.signName,
}

async function answering(reply: PreparedReply) {
  const vendor = await startVendor(reply)
  return connect(tencentSms, { ...config, base_url: vendor.url })
}

it.each([
  ['no text', '[{"sid":null,"nationcode":"86","mobile":"18501234444","report_status":"SUCCESS"}]'],
  ['an object', '[{"sid":{},"nationcode":"86","mobile":"18501234444","report_status":"SUCCESS"}]'],
  ['no JSON', '[{'],
  ['no list', '{"sid":"1"}'],
  ['nothing', ''],
])('a receipt whose id is %s is refused', (_, body) => {
  expect(readReceipt(body)).toMatchObject({ verdict: 'refused', reply: { status: 400 } })
})

it('an id of a receipt keeps its digits, also as a bare number', () => {
  const row = '"nationcode":86,"mobile":18501234444,"report_status":"SUCCESS"'

  expect(readReceipt(`[{"sid":9007199254740993,${row}}]`)).toMatchObject({
    verdict: 'genuine',
    events: [{ data: { messageId: '9007199254740993', to: one } }],
  })
})

const readReceipt = (body: string) => {
  const parsed = tencentSms.config.parse(config)
  const request = { method: 'POST', url: '/', headers: {}, body: Buffer.from(body) }
  return tencentSms.hooks!.read(request, { config: parsed, clock: turnableClock() })
}

it('a time that no calendar has is left out of a status', async () => {
  const report = { SerialNo: 's', PhoneNumber: one, ReportStatus: 'SUCCESS', UserReceiveTime: 1e18 }
  const { call } = await answering({ json: { Response: { PullSmsSendStatusSet: [report] } } })

  expect(await call('status', { messageId: 's', to: one })).toEqual({ status: 'delivered' })
})

it.each([
  [429, 'rate_limited', 'not_done'],
  [503, 'unavailable', 'unknown'],
  [400, 'rejected', 'not_done'],
])('a code that is not listed is read by its status: HTTP %i', (status, kind, outcome) => {
  const json = { Response: { Error: { Code: 'Quite.New', Message: 'x' } } }
  const answer = { status, headers: {}, text: '', json }

  const error = tencentSms.http.readFailure!(answer, turnableClock())

  expect(error).toMatchObject({ kind, outcome, code: 'Quite.New' })
})

it.each(['secret_id', 'secret_key', 'app_id', 'sign_name'] as const)(
  'a blank around %s is named, and not taken away',
  (field) => {
    const { error } = tencentSms.config.safeParse({ ...config, [field]: `${config[field]}\n` })

    expect(error?.issues).toMatchObject([{ path: [field], message: surrounded }])
  },
)

it.each([
  ['LimitExceeded.PhoneNumberDailyLimit', 'recipient'],
  ['LimitExceeded.PhoneNumberSameContentDailyLimit', 'recipient'],
  ['LimitExceeded.AppDailyLimit', undefined],
  ['LimitExceeded.AppCountryOrRegionDailyLimit', undefined],
])('%s lasts until midnight in Beijing', (Code, scope) => {
  const answer = { status: 200, headers: {}, text: '', json: { Response: { Error: { Code } } } }
  const clock = { ...turnableClock(), now: () => new Date('2024-06-20T15:30:00Z') }

  const error = tencentSms.http.readFailure!(answer, clock)

  expect(error).toMatchObject({ kind: 'rate_limited', scope, retryAfterMs: 30 * 60_000 })
})
