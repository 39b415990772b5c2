/** What a Tencent Cloud SMS service needs to know. */
import { z } from 'zod'
import { bareText, oneWord, secretOf } from '../../core/secret-form.ts'
import { serviceUrl } from '../../core/service-url.ts'
import { Templates } from '../../core/sms/templates.ts'

const regions = ['ap-guangzhou', 'ap-beijing', 'ap-nanjing', 'ap-singapore'] as const

export const TencentConfig = z.object({
  base_url: serviceUrl().default('https://sms.tencentcloudapi.com').meta({
    description: 'Address of the API; sms.<region>.tencentcloudapi.com stays in one region',
  }),
  region: z.enum(regions).default('ap-guangzhou').meta({ description: 'Region of the service' }),
  secret_id: bareText()
    .regex(/^AKID[A-Za-z0-9]{13,}$/, 'must begin with AKID; it is the SecretId, not the SecretKey')
    .meta({
      description: 'SecretId of an API key',
      example: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
    }),
  secret_key: secretOf('SecretKey of the same API key', oneWord),
  token: secretOf('Token of a temporary key', oneWord).optional(),
  app_id: bareText()
    .regex(/^\d{5,20}$/, 'must be digits')
    .meta({
      description: 'SmsSdkAppId of the SMS application',
      example: '1400006666',
    }),
  sign_name: bareText().min(1).max(60).meta({
    description: 'Text of the approved signature, without brackets',
    example: 'Caravan',
  }),
  templates: Templates,
})
export type TencentConfig = z.output<typeof TencentConfig>

export function warnConfig(config: TencentConfig): { field: string; message: string }[] {
  const { sign_name, secret_key } = config
  const warnings = []
  if (/^\d+$/.test(sign_name)) {
    const message = 'looks like the id of a signature; the vendor wants its text'
    warnings.push({ field: 'sign_name', message })
  }
  if (/[【】[\]]/.test(sign_name)) {
    warnings.push({ field: 'sign_name', message: 'holds brackets; the vendor adds them itself' })
  }
  if (secret_key.reveal().length !== 32) {
    warnings.push({
      field: 'secret_key',
      message: 'is not 32 characters long, as keys usually are',
    })
  }
  return warnings
}
