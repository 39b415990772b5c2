import { z } from 'zod'
import { failureKinds } from '../errors.ts'
import { defineKind } from '../kind.ts'
import { isCountry, readPhone } from '../sms/phone.ts'
import { isNotBlank, quoted } from '../words.ts'

/** `accepted`: the vendor took it, nothing is known of the handset. `delivered` and `failed` are final. */
export const MessageStatus = z.enum(['accepted', 'delivered', 'failed', 'unknown'])
export type MessageStatus = z.infer<typeof MessageStatus>

const maxRecipients = 1000
const Country = z
  .string()
  .regex(/^[A-Z]{2}$/, { error: 'must be two capital letters, such as CN', abort: true })
  .refine(isCountry, 'is no country with telephone numbers of its own; such as CN or RU')
  .optional()
  .meta({ description: 'Of numbers that are written without a plus, such as CN or RU' })

/** What is wrong with it is said by `e164Of`, in words. */
const Raw = z.string().trim().min(1)

const Addressed = z.object({
  to: z.union([Raw, z.array(Raw).min(1).max(maxRecipients)]).meta({
    description:
      'One number or several, with a plus and the country code; on the command line to=… once for each',
    example: '+8618501234444',
  }),
  country: Country,
  text: z.string().min(1).max(2000).refine(isNotBlank, 'must not be blank').optional().meta({
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
      /** Of a limit: `recipient` when it protects this person, whoever sends. */
      scope: z.enum(['account', 'recipient']).optional(),
      retryAfterMs: z.int().optional(),
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
    sentAt: z
      .union([z.iso.datetime({ offset: true }), z.iso.date()])
      .optional()
      .meta({
        description:
          'When it was sent, about, or its day in UTC; some vendors look up by day. Left out: today',
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
      summary: 'Send a text message to one or many numbers',
      effect: 'message',
      input: SmsMessage,
      output: SmsResult,
      recipients: ({ to }: SmsMessage) => to,
      describe: ({ text, template }: SmsMessage) =>
        text === undefined ? `template ${template}` : quoted('text', text),
      isPartial: ({ partial }: SmsResult) => partial,
    },
    status: {
      summary: 'Ask what became of a message',
      effect: 'read',
      ofOneService: true,
      input: StatusQuery,
      output: SmsStatus,
    },
  },
})

function e164Of(raw: string, country: string | undefined, context: z.RefinementCtx): string {
  const phone = raw.length > longest ? undefined : readPhone(raw, country)
  if (phone?.mayReceiveSms) return phone.e164
  const message = phone ? `${raw} is a landline: it takes no texts` : faultOf(raw, country)
  context.addIssue({ code: 'custom', path: ['to'], message })
  return raw
}

/** Longer than any number with its blanks and brackets. */
const longest = 40

function faultOf(raw: string, country: string | undefined): string {
  const shown = raw.length > longest ? `${raw.slice(0, longest)}…` : raw
  if (/\d[\s)]*[,;\n]/.test(raw)) {
    return 'several numbers are a list: to=… once for each, or a JSON list of them'
  }
  const looksLikeOne = raw.length <= longest && /^[\d\s().\-/]+$/.test(raw) && /\d{3}/.test(raw)
  return looksLikeOne && country === undefined
    ? `${shown} has no country: write it with a plus, or give country`
    : `${shown} is not a telephone number`
}
