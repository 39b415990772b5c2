/** What the codes of Alibaba Cloud mean. https://help.aliyun.com/zh/sms/developer-reference/error-codes */
import type { Clock } from '../../core/clock.ts'
import { clockHint } from '../../core/clock-hint.ts'
import { changed, type IntegrationError } from '../../core/errors.ts'
import { failureOf, type Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'
import { nextBeijingMidnight } from '../../core/sms/beijing.ts'

/** Sending abroad answers with the same names without the prefix. */
const both = (...names: string[]): string[] => names.flatMap((name) => [`isv.${name}`, name])

const consoleHint = 'See the SMS console: account, balance and contract.'
const limit = {
  codes: both('BUSINESS_LIMIT_CONTROL'),
  kind: 'rate_limited',
  scope: 'recipient',
} as const

const meanings: Meaning[] = [
  {
    codes: ['SignatureDoesNotMatch', 'IncompleteSignature'],
    kind: 'auth',
    says: 'the signature was not accepted',
    hint: 'Check access_key_secret, and security_token with a temporary key.',
  },
  {
    prefix: 'InvalidAccessKeyId',
    kind: 'auth',
    says: 'the access key is not known or switched off',
    hint: 'Check access_key_id.',
  },
  {
    prefix: 'InvalidSecurityToken',
    kind: 'auth',
    says: 'the token of the temporary key was not accepted',
    hint: 'Fetch a new temporary key; its id, secret and token belong together.',
  },
  {
    prefix: 'InvalidTimeStamp',
    kind: 'auth',
    says: 'the signature is too old or too new',
    hint: 'The vendor accepts 15 minutes of difference between the clocks.',
  },
  {
    codes: ['isp.RAM_PERMISSION_DENY', 'NoPermission'],
    kind: 'auth',
    says: 'the key may not do this',
    hint: 'Give its user AliyunDysmsFullAccess, or dysms:SendSms, dysms:QuerySendDetails and dysms:QuerySmsSignList.',
  },
  { prefix: 'Forbidden', kind: 'auth', says: 'the key may not do this' },
  {
    // Nothing was done, and every attempt has a new nonce.
    codes: ['SignatureNonceUsed'],
    kind: 'unavailable',
    outcome: 'not_done',
    says: 'the request was taken for a repetition',
  },
  {
    codes: both('SMS_SIGNATURE_ILLEGAL', 'SMS_SIGNATURE_SCENE_ILLEGAL', 'SIGN_STATE_ILLEGAL'),
    kind: 'config',
    says: 'the signature is wrong, not approved or not made for this',
    hint: 'sign_name is the approved text itself, without brackets.',
  },
  {
    codes: both('SMS_TEMPLATE_ILLEGAL'),
    kind: 'config',
    says: 'the template does not exist, is not approved or belongs to another account',
    hint: 'Check the id under "templates".',
  },
  {
    codes: both('OUT_OF_SERVICE', 'AMOUNT_NOT_ENOUGH', 'PRODUCT_UN_SUBSCRIPT', 'EXTEND_CODE_ERROR'),
    kind: 'config',
    hint: consoleHint,
  },
  { prefix: 'isv.ACCOUNT_', kind: 'config', hint: consoleHint },
  { prefix: 'ACCOUNT_', kind: 'config', hint: consoleHint },
  {
    codes: both('DENY_IP_RANGE'),
    kind: 'config',
    says: 'this machine’s address is not on the list of allowed ones',
    hint: 'Add the address in the SMS console.',
  },
  {
    codes: both('TEMPLATE_MISSING_PARAMETERS'),
    kind: 'rejected',
    says: 'the template takes values that were not given',
    hint: 'Compare params under "templates" with the approved template.',
  },
  // The window is told by the message alone.
  { ...limit, pattern: /小时级流控/, retryAfterMs: 3_600_000 },
  { ...limit, pattern: /天级流控/, retryAt: nextBeijingMidnight },
  { ...limit, retryAfterMs: 60_000 },
  {
    codes: both('DAY_LIMIT_CONTROL'),
    kind: 'rate_limited',
    says: 'the daily limit of the account is reached',
    hint: 'It can be raised in the SMS console.',
    retryAt: nextBeijingMidnight,
  },
  {
    codes: both('MONTH_LIMIT_CONTROL'),
    kind: 'rate_limited',
    says: 'the monthly limit of the account is reached',
    hint: 'It can be raised in the SMS console.',
  },
  { codes: both('QPS_LIMIT_CONTROL'), kind: 'rate_limited' },
  { prefix: 'Throttling', kind: 'rate_limited' },
  { prefix: 'ServiceUnavailable', kind: 'unavailable', outcome: 'not_done' },
  { prefix: 'InternalError', kind: 'unavailable', outcome: 'unknown' },
  { prefix: 'isp.', kind: 'unavailable', outcome: 'unknown' },
  { prefix: 'isv.', kind: 'rejected' },
]

/** Any `Code` but OK is a failure, at HTTP 200 too. */
export function readFailure(
  { json, status, headers }: HttpReply,
  clock: Clock,
): IntegrationError | undefined {
  const { Code, Message } = (json ?? {}) as { Code?: unknown; Message?: unknown }
  if (Code === undefined || String(Code).toUpperCase() === 'OK') return undefined
  const now = clock.now()
  const said = { code: String(Code), message: Message ? String(Message) : undefined, status, now }
  const failure = failureOf(meanings, said)
  const isClock = said.code.startsWith('InvalidTimeStamp')
  const off = isClock ? clockHint(headers.date, now) : undefined
  return off ? changed(failure, { hint: `${off} ${failure.hint}` }) : failure
}
