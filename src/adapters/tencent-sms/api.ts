/** Calls of Tencent Cloud SMS 2021-01-11 in its own words. https://cloud.tencent.com/document/api/382/55981 */
import { z } from 'zod'
import type { Http } from '../../core/http.ts'
import { beijingHour } from '../../core/sms/beijing.ts'
import type { TencentConfig } from './config.ts'
import { type TheirReport, TheirReports, TheirSendAnswer } from './schema.ts'

export type TheirMessage = {
  PhoneNumberSet: string[]
  TemplateId: string
  TemplateParamSet: string[]
  /** Echoed in reports, where the account has that enabled. */
  SessionContext?: string
}

/** https://cloud.tencent.com/document/api/382/55981. Numbers are all of the mainland or all foreign, 200 at most. */
export const sendSms = (
  http: Http,
  config: TencentConfig,
  { PhoneNumberSet, TemplateId, TemplateParamSet, SessionContext }: TheirMessage,
): Promise<TheirSendAnswer> =>
  ask(http, 'SendSms', TheirSendAnswer, {
    PhoneNumberSet,
    SmsSdkAppId: config.app_id,
    TemplateId,
    SignName: config.sign_name,
    TemplateParamSet,
    SessionContext,
  })

/**
 * https://cloud.tencent.com/document/api/382/55980. What has been reported of a number since `from`, at most 7 days
 * ago. A message nobody has reported yet is not in it.
 */
export async function pullReports(
  http: Http,
  config: TencentConfig,
  { to, from, until }: { to: string; from: Date; until: Date },
): Promise<TheirReport[]> {
  const answer = await ask(http, 'PullSmsSendStatusByPhoneNumber', TheirReports, {
    BeginTime: seconds(from),
    EndTime: seconds(until),
    Offset: 0,
    Limit: 100,
    PhoneNumber: to,
    SmsSdkAppId: config.app_id,
  })
  return answer.PullSmsSendStatusSet
}

/** https://cloud.tencent.com/document/api/382/58567. Proves the key alone: it needs no application and no approval. */
export const describePhoneNumber = (http: Http, number: string): Promise<unknown> =>
  ask(http, 'DescribePhoneNumberInfo', Anything, { PhoneNumberSet: [number] })

/** https://cloud.tencent.com/document/api/382/55965. Proves that the application belongs to the key. */
export const sendStatistics = (http: Http, config: TencentConfig, now: Date): Promise<unknown> =>
  ask(http, 'SendStatusStatistics', Anything, {
    SmsSdkAppId: config.app_id,
    BeginTime: beijingHour(new Date(now.getTime() - 3_600_000)),
    EndTime: beijingHour(now),
    Limit: 0,
    Offset: 0,
  })

const Anything = z.looseObject({})
const Envelope = z.object({ Response: z.unknown() })

/** Every call is a POST to the root; the action stands in a header, and `authorize` adds the rest. */
async function ask<Schema extends z.ZodType>(
  http: Http,
  action: string,
  schema: Schema,
  json: Record<string, unknown>,
): Promise<z.output<Schema>> {
  const headers = { 'x-tc-action': action }
  const answer = await http.json({ method: 'POST', url: '/', headers, json })
  return schema.parse(Envelope.parse(answer).Response)
}

const seconds = (at: Date): number => Math.floor(at.getTime() / 1000)
