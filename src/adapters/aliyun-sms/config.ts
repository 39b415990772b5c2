/** What an Alibaba Cloud SMS service needs to know. */
import { z } from 'zod'
import { bareText, oneWord, secretOf } from '../../core/secret-form.ts'
import { serviceUrl } from '../../core/service-url.ts'
import { Templates } from '../../core/sms/templates.ts'

export const AliyunConfig = z.object({
  endpoint: bareText()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, 'must be a host name alone')
    .default('dysmsapi.aliyuncs.com')
    .meta({
      description: 'Host of the API; regions have their own',
      example: 'dysmsapi.ap-southeast-1.aliyuncs.com',
    }),
  base_url: serviceUrl().optional().meta({
    description: 'Address of a private gateway, in place of endpoint',
    example: 'https://sms-gateway.example.com',
  }),
  access_key_id: bareText()
    .regex(
      /^(LTAI[A-Za-z0-9]{8,}|STS\.[A-Za-z0-9]+)$/,
      'must begin with LTAI, or STS. when temporary',
    )
    .meta({ description: 'Id of an access key', example: 'LTAI5tExampleExampleEx01' }),
  access_key_secret: secretOf('Secret of the same access key', oneWord),
  security_token: secretOf('Token of a temporary access key', oneWord).optional(),
  sign_name: bareText().min(1).max(60).meta({
    description: 'Text of the approved signature, without brackets',
    example: 'Caravan',
  }),
  signature: z.enum(['acs3', 'rpc-v1']).default('acs3').meta({
    description: 'How requests are signed; rpc-v1 is for private gateways that know no other',
  }),
  region_id: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional()
    .meta({
      description: 'RegionId, sent with rpc-v1 alone',
      example: 'cn-hangzhou',
    }),
  templates: Templates,
})
export type AliyunConfig = z.output<typeof AliyunConfig>

/** What the vendor would refuse without saying why. */
export function checkConfig(config: AliyunConfig): { field: string; message: string }[] {
  const isLacking = config.access_key_id.startsWith('STS.') && !config.security_token
  return isLacking
    ? [{ field: 'security_token', message: 'is needed with a temporary access key' }]
    : []
}

export function warnConfig({ sign_name }: AliyunConfig): { field: string; message: string }[] {
  return /[【】[\]]/.test(sign_name)
    ? [{ field: 'sign_name', message: 'holds brackets; the vendor adds them itself' }]
    : []
}

export const baseUrl = ({ base_url, endpoint }: AliyunConfig): string =>
  base_url ?? `https://${endpoint}`
