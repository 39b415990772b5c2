import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { quoted } from '../words.ts'
import { MessageStatus } from './sms.ts'

export const AlertLevel = z.enum(['info', 'warning', 'critical'])
export type AlertLevel = z.infer<typeof AlertLevel>

export const Alert = z.object({
  title: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^[^\n\r\v\f\u0085\u2028\u2029]*$/, 'must be one line')
    .meta({ description: 'One line', example: 'sms-main is down' }),
  text: z.string().trim().min(1).max(20_000).meta({ description: 'Plain text, lines kept' }),
  level: AlertLevel.default('info'),
})
export type Alert = z.infer<typeof Alert>

export const AlertResult = z.object({
  /** `delivered` where it stands in the chat once the vendor has answered; `accepted` where it is on its way. */
  status: MessageStatus,
  partial: z.boolean().default(false),
  messageId: z.string().optional(),
  /** True when the vendor's limit of length took a part of the text. */
  cut: z.boolean().default(false),
  /** Where one message goes to several addresses. */
  recipients: z
    .array(z.object({ to: z.string(), status: MessageStatus, error: z.string().optional() }))
    .optional(),
})
export type AlertResult = z.infer<typeof AlertResult>

export const alert = defineKind({
  id: 'alert',
  title: 'Alerts to people',
  operations: {
    notify: {
      summary: 'Tell people something',
      effect: 'message',
      input: Alert,
      output: AlertResult,
      describe: ({ title }: Alert) => quoted('title', title),
      isPartial: ({ partial }: AlertResult) => partial,
    },
  },
})
