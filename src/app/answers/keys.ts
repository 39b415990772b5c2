import { z } from 'zod'

/** A key slot as `caravan key list --json` shows it. */
export const KeySlotInfo = z.strictObject({
  id: z.string(),
  kind: z.enum(['key', 'passphrase']),
  label: z.string(),
  created_at: z.iso.datetime(),
  created_by: z.string().nullable().describe('Null: not known'),
  in_use: z
    .boolean()
    .nullable()
    .describe('Whether its key is here; null for a passphrase, which is not tried for a list'),
  recipient: z
    .string()
    .nullable()
    .describe('Public; null until a slot of an older version was used once'),
})

export type KeySlotInfo = z.infer<typeof KeySlotInfo>

export const AddedSlot = z.strictObject({
  slot: z.string().describe('Id of the new slot'),
  kind: z.enum(['key', 'passphrase']),
  label: z.string(),
  recipient: z.string(),
  file: z.string().nullable().describe('The key file that was made'),
})

export type AddedSlot = z.infer<typeof AddedSlot>

export const RemovedSlot = z.strictObject({
  slot: z.string(),
  label: z.string(),
  was_in_use: z.boolean(),
  secrets: z.int().describe('Secrets that were wrapped for the new master key'),
  slots: z.int().describe('Slots that are left'),
})

export type RemovedSlot = z.infer<typeof RemovedSlot>

export const RotatedKey = z.strictObject({
  slot: z.string(),
  kind: z.enum(['key', 'passphrase']),
  label: z.string(),
  secrets: z.int().describe('Secrets that open with the new key'),
  other_slots: z.int().describe('Slots that go on working with the keys they have'),
  file: z.string().nullable().describe('Where the new key is; null for a passphrase'),
  former: z
    .string()
    .nullable()
    .describe('Where the old key is kept, for backups made before; null when it was no key file'),
  finished_earlier: z
    .boolean()
    .describe('An earlier rotation had been stopped near its end, and was finished'),
})

export type RotatedKey = z.infer<typeof RotatedKey>
