import { z } from 'zod'
import { failureKinds } from '../errors.ts'
import { defineKind } from '../kind.ts'
import { readPhone } from '../sms/phone.ts'

/** `accepted`: the vendor took it, nothing is known of the handset. `delivered` and `failed` are final. */
export const MessageStatus = z.enum(['accepted', 'delivered', 'failed', 'unknown'])
export type MessageStatus = z.infer<typeof MessageStatus>

const maxRecipients = 1000
const Country = z
  .string()
  .regex(/^[A-Z]{2}$/, 'must be two capital letters, such as CN')
  .optional()
  .meta({ description: 'Of numbers that are written without a plus, such as CN or RU' })

const Raw = z.string().trim().min(1).max(40)

const Addressed = z.object({
  to: z.union([Raw, z.array(Raw).min(1).max(maxRecipients)]).meta({
    description: 'One number or several, with a plus and the country code',
    example: '+8618501234444',
  }),
  country: Country,
  text: z.string().min(1).max(2000).optional().meta({
    description: 'The text, for services that send free text',
  }),
  template: z.string().trim().min(1).max(200).optional().meta({
    description: 'Name of a template in the config of the service, or the vendor’s own id of one',
    example: 'order_shipped',
  }),
  params: z
    .union([z.record(z.string(), z.string()), z.array(z.string())])
    .optional()
    .meta({ description: 'Values of the template, by name or in its order' }),
})

/** Numbers come out as E.164, each once. */
export const SmsMessage = Addressed.transform((message, context) => {
  const { to, country, ...rest } = message
  if ((message.text === undefined) === (message.template === undefined)) {
    context.addIssue({ code: 'custom', path: ['text'], message: 'give either text or template' })
  }
  if (message.params && message.text !== undefined) {
    context.addIssue({ code: 'custom', path: ['params'], message: 'belong to a template' })
  }
  const numbers = [to].flat().map((raw) => e164Of(raw, country, context))
  return { ...rest, to: [...new Set(numbers)] }
})
export type SmsMessage = z.infer<typeof SmsMessage>

/** One number of a message and what became of it. */
export const SmsRecipient = z.object({
  to: z.string(),
  status: MessageStatus,
  messageId: z.string().optional(),
  /** Text messages it was billed as. */
  parts: z.int().optional(),
  error: z
    .object({
      kind: z.enum(failureKinds),
      code: z.string().optional(),
      message: z.string(),
      hint: z.string().optional(),
    })
    .optional(),
})
export type SmsRecipient = z.infer<typeof SmsRecipient>

export const SmsResult = z.object({
  status: MessageStatus,
  /** True when the numbers differ. */
  partial: z.boolean(),
  /** The vendor's id; with several numbers the one they share, if they do. */
  messageId: z.string().optional(),
  /** The vendor's id of the request, for its support. */
  requestId: z.string().optional(),
  parts: z.int().optional(),
  recipients: z.array(SmsRecipient),
})
export type SmsResult = z.infer<typeof SmsResult>

const StatusQuery = z
  .object({
    messageId: z.string().trim().min(1).max(200).meta({ description: 'As "send" gave it' }),
    to: Raw.meta({ description: 'The number it went to', example: '+8618501234444' }),
    country: Country,
    sentAt: z.iso.datetime({ offset: true }).optional().meta({
      description: 'When it was sent, about; some vendors look up by day. Left out: today',
    }),
  })
  .transform(({ to, country, ...rest }, context) => ({ ...rest, to: e164Of(to, country, context) }))

export const SmsStatus = z.object({
  status: MessageStatus,
  /** When it reached the handset or failed. */
  at: z.iso.datetime().optional(),
  /** The vendor's or the carrier's code. */
  code: z.string().optional(),
  description: z.string().optional(),
  parts: z.int().optional(),
})
export type SmsStatus = z.infer<typeof SmsStatus>

export const sms = defineKind({
  id: 'sms',
  title: 'Text messages',
  operations: {
    send: {
      summary: 'Sends a text message to one or many numbers',
      effect: 'message',
      input: SmsMessage,
      output: SmsResult,
      recipients: ({ to }: SmsMessage) => to,
      isPartial: ({ partial }: SmsResult) => partial,
    },
    status: {
      summary: 'Asks what became of a message',
      effect: 'read',
      input: StatusQuery,
      output: SmsStatus,
    },
  },
})

function e164Of(raw: string, country: string | undefined, context: z.RefinementCtx): string {
  const phone = readPhone(raw, country)
  if (phone?.mayReceiveSms) return phone.e164
  const path = ['to']
  if (phone) {
    context.addIssue({ code: 'custom', path, message: `${raw} is a landline: it takes no texts` })
  } else if (country || raw.startsWith('+')) {
    context.addIssue({ code: 'custom', path, message: `${raw} is not a telephone number` })
  } else {
    const message = `${raw} has no country: write it with a plus, or give country`
    context.addIssue({ code: 'custom', path, message })
  }
  return raw
}
