import { z } from 'zod'

const Input = z.strictObject({
  name: z.string().describe('Such as to, params.<name> or lines[].productCode'),
  type: z.string().describe('In words'),
  required: z.boolean(),
  description: z.string().nullable(),
  example: z.string().nullable(),
  default: z.string().nullable(),
})

const Server = z.strictObject({
  service: z.string(),
  adapter: z.string(),
  serves: z.boolean().describe('It can be asked'),
  why: z.string().nullable().describe('Why it cannot; null when it can'),
})

/** One thing a kind can be asked. */
export const OperationInfo = z.strictObject({
  operation: z.string().describe('With its kind, such as sms.send'),
  kind: z.string(),
  title: z.string().describe('Of the kind'),
  summary: z.string(),
  effect: z.enum(['read', 'write', 'message', 'money']).describe('What it does to the world'),
  lists: z.boolean().describe('It answers with rows'),
  inputs: z.array(Input),
  services: z.array(Server).describe('Of the config; empty without one'),
  adapters: z.array(z.string()).describe('Who of all adapters offers it'),
})

export type OperationInfo = z.infer<typeof OperationInfo>
