/** What the codes of Tencent mean. https://cloud.tencent.com/document/api/382/59177 */
import type { Clock } from '../../core/clock.ts'
import { clockHint } from '../../core/clock-hint.ts'
import { changed, IntegrationError } from '../../core/errors.ts'
import { failureOf, type Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'
import { nextBeijingMidnight } from '../../core/sms/beijing.ts'

const keyHint = 'Check secret_id and secret_key, and token with a temporary key.'
const clockCodes = ['AuthFailure.SignatureExpire', 'InternalError.RequestTimeException']
const consoleHint = 'See the SMS console: application, package and account.'
const person = { kind: 'rate_limited', scope: 'recipient' } as const

export const meanings: Meaning[] = [
  { prefix: 'AuthFailure', kind: 'auth', says: 'the key was not accepted', hint: keyHint },
  {
    codes: clockCodes,
    kind: 'auth',
    says: 'the signature is too old or too new',
    hint: 'The vendor accepts five minutes of difference between the clocks.',
  },
  {
    codes: ['InternalError.SigVerificationFail', 'InternalError.SigFieldMissing'],
    kind: 'auth',
    says: 'the signature was not accepted',
    hint: keyHint,
  },
  {
    prefix: 'UnauthorizedOperation',
    kind: 'auth',
    says: 'the key may not do this',
    hint: 'Give the key the permission QcloudSMSFullAccess, or one for what it does here.',
  },
  {
    codes: ['UnauthorizedOperation.RequestIpNotInWhitelist'],
    kind: 'config',
    says: 'this machine’s address is not on the list of allowed ones',
    hint: 'Add the address in the SMS console, under the application.',
  },
  {
    codes: [
      'UnauthorizedOperation.SdkAppIdIsDisabled',
      'UnauthorizedOperation.SmsSdkAppIdVerifyFail',
      'InvalidParameterValue.SdkAppIdNotExist',
    ],
    kind: 'config',
    says: 'the application is not usable with this key',
    hint: 'Check app_id.',
  },
  {
    codes: [
      'UnauthorizedOperation.ServiceSuspendDueToArrears',
      'UnauthorizedOperation.SerivceSuspendDueToArrears', // as the vendor spells it
      'FailedOperation.InsufficientBalanceInSmsPackage',
    ],
    kind: 'config',
    says: 'the account has no money or no messages left',
    hint: consoleHint,
  },
  {
    codes: ['FailedOperation.SignatureIncorrectOrUnapproved'],
    kind: 'config',
    says: 'the signature is wrong or not approved',
    hint: 'sign_name is the approved text itself, without brackets.',
  },
  {
    codes: [
      'FailedOperation.TemplateIncorrectOrUnapproved',
      'FailedOperation.TemplateUnapprovedOrNotExist',
      'FailedOperation.TemplateIdNotExist',
    ],
    kind: 'config',
    says: 'the template does not exist or is not approved',
    hint: 'Check the id under "templates".',
  },
  {
    codes: [
      'UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone',
      'UnsupportedOperation.GlobalTemplateToChineseMainlandPhone',
    ],
    kind: 'config',
    says: 'the template is not made for numbers of this country',
    hint: 'Templates are approved for mainland China or for abroad, not for both.',
  },
  {
    codes: ['LimitExceeded.AppCountryOrRegionInBlacklist', 'UnsupportedRegion'],
    kind: 'config',
    says: 'the country or region is switched off',
    hint: consoleHint,
  },
  {
    codes: ['UnsupportedOperation.UnsupportedRegion'],
    kind: 'rejected',
    failover: true,
    says: 'the vendor does not send to this country',
  },
  { codes: ['LimitExceeded.PhoneNumberCountLimit'], kind: 'rejected', says: 'too many numbers' },
  { codes: ['LimitExceeded.PhoneNumberThirtySecondLimit'], ...person, retryAfterMs: 30_000 },
  { codes: ['LimitExceeded.PhoneNumberOneHourLimit'], ...person, retryAfterMs: 3_600_000 },
  {
    codes: [
      'LimitExceeded.PhoneNumberDailyLimit',
      'LimitExceeded.PhoneNumberSameContentDailyLimit',
    ],
    ...person,
    retryAt: nextBeijingMidnight,
  },
  { codes: ['LimitExceeded.DeliveryFrequencyLimit'], ...person },
  {
    codes: [
      'LimitExceeded.AppDailyLimit',
      'LimitExceeded.DailyLimit',
      'LimitExceeded.AppMainlandChinaDailyLimit',
      'LimitExceeded.AppGlobalDailyLimit',
      'LimitExceeded.AppCountryOrRegionDailyLimit',
    ],
    kind: 'rate_limited',
    says: 'the daily limit of the application is reached',
    hint: 'It can be raised in the SMS console.',
    retryAt: nextBeijingMidnight,
  },
  { prefix: 'LimitExceeded', kind: 'rate_limited' },
  { prefix: 'RequestLimitExceeded', kind: 'rate_limited' },
  {
    // It concerns advertising alone, and every vendor: another one would only evade it.
    codes: ['FailedOperation.MarketingSendTimeConstraint'],
    kind: 'rate_limited',
    failover: false,
    says: 'advertising is sent from 08:00 to 22:00, Beijing time',
  },
  { prefix: 'InternalError', kind: 'unavailable', outcome: 'unknown' },
  {
    codes: ['FailedOperation.TemplateParamSetNotMatchApprovedTemplate'],
    kind: 'rejected',
    says: 'the template takes another number of values',
    hint: 'Compare params under "templates" with the approved template.',
  },
]

/** A failure of the call as a whole: HTTP 200 with `Response.Error`. */
export function readFailure(
  { json, status, headers }: HttpReply,
  clock: Clock,
): IntegrationError | undefined {
  const error = errorIn(json)
  if (!error) return undefined
  const now = clock.now()
  const failure = failureOf(meanings, { ...error, status, now })
  const off = clockCodes.includes(error.code) ? clockHint(headers.date, now) : undefined
  return off ? changed(failure, { hint: `${off} ${failure.hint}` }) : failure
}

/** The words of the vendor are data: nothing is taken for granted about them. */
function errorIn(json: unknown): { code: string; message?: string } | undefined {
  const { Response } = (json ?? {}) as { Response?: { Error?: Record<string, unknown> } | null }
  const error = Response?.Error
  if (!error) return undefined
  const { Code, Message } = error
  return { code: String(Code ?? 'unknown'), message: Message ? String(Message) : undefined }
}

/** Kinds of account that may not list anything: the refusal proves the key. */
const limited = /NotEnterpriseCertification|ProhibitSubAccountUse/

export const isAccountLimited = (error: unknown): boolean =>
  error instanceof IntegrationError && limited.test(error.code ?? '')
