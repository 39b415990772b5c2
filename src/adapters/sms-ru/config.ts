/** What an SMS.ru service needs to know. */
import { z } from 'zod'
import { bareText, secretOf } from '../../core/secret-form.ts'
import { serviceUrl } from '../../core/service-url.ts'
import { TextTemplates } from '../../core/sms/templates.ts'

export const SmsRuConfig = z.object({
  base_url: serviceUrl().default('https://sms.ru').meta({
    description: 'Address of the service',
    example: 'https://sms.ru',
  }),
  api_id: secretOf('api_id from the account page; it signs receipts too', {
    fits: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
    says: 'must have the form of a UUID, such as 00000000-1111-2222-3333-444444444444',
  }),
  from: bareText().min(1).max(15).optional().meta({
    description: 'Approved sender name; left out: the one of the account',
    example: 'Example',
  }),
  test: z.boolean().default(false).meta({
    description: 'Messages are checked and not sent; the answers look like real ones',
  }),
  templates: TextTemplates,
})
export type SmsRuConfig = z.output<typeof SmsRuConfig>

export const warnConfig = ({ test }: SmsRuConfig): { field: string; message: string }[] =>
  test ? [{ field: 'test', message: 'is on: no message goes out, although each is answered' }] : []
