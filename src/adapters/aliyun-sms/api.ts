/** Calls of Alibaba Cloud SMS 2017-05-25 in its own words. https://help.aliyun.com/zh/sms/developer-reference */
import type { z } from 'zod'
import type { Http, Query } from '../../core/http.ts'
import { beijingDay } from '../../core/sms/beijing.ts'
import { nationalInChina } from '../../core/sms/phone-forms.ts'
import type { AliyunConfig } from './config.ts'
import { type TheirDetail, TheirDetails, TheirSendAnswer, TheirSigns } from './schema.ts'

export type TheirMessage = {
  /** E.164; all of the mainland or all foreign, 1000 at most. */
  to: readonly string[]
  TemplateCode: string
  TemplateParam: Record<string, string>
  /** Echoed in details and receipts; fewer than 256 characters. */
  OutId?: string
}

/** https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms */
export const sendSms = (
  http: Http,
  config: AliyunConfig,
  { to, TemplateCode, TemplateParam, OutId }: TheirMessage,
): Promise<TheirSendAnswer> =>
  ask(http, 'SendSms', TheirSendAnswer, {
    PhoneNumbers: to.map(nationalInChina).join(','),
    SignName: config.sign_name,
    TemplateCode,
    TemplateParam: JSON.stringify(TemplateParam),
    OutId,
  })

/**
 * https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-querysenddetails. What was sent to one
 * number on one day of Beijing, the last 30 days at most, 50 of them.
 */
export async function querySendDetails(
  http: Http,
  { to, sentAt, bizId }: { to: string; sentAt: Date; bizId?: string },
): Promise<TheirDetail[]> {
  const { SmsSendDetailDTOs } = await ask(http, 'QuerySendDetails', TheirDetails, {
    PhoneNumber: nationalInChina(to),
    SendDate: beijingDay(sentAt),
    PageSize: 50,
    CurrentPage: 1,
    BizId: bizId,
  })
  return SmsSendDetailDTOs?.SmsSendDetailDTO ?? []
}

/** https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-querysmssignlist */
export const querySmsSignList = (http: Http): Promise<z.output<typeof TheirSigns>> =>
  ask(http, 'QuerySmsSignList', TheirSigns, { PageIndex: 1, PageSize: 1 })

/** Parameters go into the query even with POST, as the vendor's own client sends them; `authorize` adds the rest. */
async function ask<Schema extends z.ZodType>(
  http: Http,
  action: string,
  schema: Schema,
  query: Query,
): Promise<z.output<Schema>> {
  const headers = { 'x-acs-action': action }
  return schema.parse(await http.json({ method: 'POST', url: '/', headers, query }))
}
