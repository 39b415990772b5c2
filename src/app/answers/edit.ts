import { z } from 'zod'

const FieldChange = z.strictObject({
  field: z.string(),
  before: z
    .string()
    .nullable()
    .describe('As the file had it, a plain secret as ***; null: it was not set'),
  after: z.string().nullable().describe('As the file has it now; null: it is not set any more'),
  stored_as: z.string().nullable().describe('The secret that got a new value; null: none did'),
})

export const EditedService = z.strictObject({
  service: z.string(),
  adapter: z.string(),
  config: z.string().describe('The file it stands in'),
  line: z.int().describe('Where it stands in the file, from 1'),
  changed: z.array(FieldChange).describe('Empty: everything was so before'),
  test: z
    .string()
    .nullable()
    .describe('What the connection test saw; null when none was made or it failed'),
  test_failed: z
    .string()
    .nullable()
    .describe('Why the connection test failed; it was saved all the same'),
})

export type EditedService = z.infer<typeof EditedService>
export type FieldChange = z.infer<typeof FieldChange>
