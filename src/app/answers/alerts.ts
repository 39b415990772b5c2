import { z } from 'zod'

const instant = z.iso.datetime()
const severity = z.enum(['low', 'medium', 'high'])

/** An alert as `caravan alerts --json` shows it. */
export const AlertInfo = z.strictObject({
  id: z.string(),
  rule: z.string(),
  subject: z.string().describe('What it is about, such as a service or a job'),
  severity,
  status: z.enum(['firing', 'resolved']),
  title: z.string(),
  fired_at: instant,
  seen_at: instant.describe('When it was last seen to hold'),
  resolved_at: instant.nullable(),
  telling: z
    .enum(['told', 'pending', 'silenced', 'cooldown', 'nobody', 'itself', 'not_told'])
    .describe(
      'pending: a channel has it and has not delivered it yet; cooldown: the same was told a short while ago; nobody: ' +
        'there is no channel; itself: it is about the only channel, and none is told of itself; not_told: it was over before it could be told',
    ),
  told_at: instant.nullable().describe('When the first channel had delivered it'),
  silenced_by: z.string().nullable().describe('Id of the silence that holds it back'),
})

export type AlertInfo = z.infer<typeof AlertInfo>

export const AlertDetails = AlertInfo.extend({
  detail: z.string(),
  todo: z.string().describe('What to do: a command, or a sentence'),
  announced_at: instant.nullable().describe('When it was handed to the channels'),
  pending: z.array(z.string()).describe('Channels that have not delivered it yet'),
})

export type AlertDetails = z.infer<typeof AlertDetails>

export const AlertRuleInfo = z.strictObject({
  rule: z.string(),
  title: z.string(),
  severity,
  when: z.string().describe('When it fires, with the thresholds in force'),
  off: z.boolean().describe('Whether alerts.off names it'),
  firing: z.int(),
})

export type AlertRuleInfo = z.infer<typeof AlertRuleInfo>

/** How one channel took a message that was sent to try it. */
export const ChannelTest = z.strictObject({
  channel: z.string(),
  delivered: z.boolean(),
  duration_ms: z.int(),
  error: z
    .strictObject({ code: z.string(), message: z.string(), hint: z.string().nullable() })
    .nullable(),
})

export type ChannelTest = z.infer<typeof ChannelTest>

export const SilenceInfo = z.strictObject({
  id: z.string(),
  rule: z.string().nullable().describe('null: every rule'),
  subject: z.string().nullable().describe('null: whatever it is about'),
  reason: z.string(),
  until: instant,
  set_by: z.string(),
  set_at: instant,
  ended: z.boolean(),
  firing: z.int().describe('Alerts that fire now and are held back by it'),
})

export type SilenceInfo = z.infer<typeof SilenceInfo>

export const EndedSilence = SilenceInfo.extend({
  changed: z.boolean().describe('False: it had ended before'),
})

export type EndedSilence = z.infer<typeof EndedSilence>
