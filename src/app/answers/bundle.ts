import { z } from 'zod'

const names = z.array(z.string())

export const BundleReport = z.strictObject({
  file: z.string(),
  bytes: z.int(),
  made_at: z.iso.datetime(),
  recipient: z.string().nullable().describe('For whom it was sealed; null: for a passphrase'),
  services: names,
  jobs: z.array(
    z.strictObject({
      name: z.string(),
      schedule: z.string().nullable().describe('null: it runs by hand only'),
    }),
  ),
  secrets: names.describe('Names of the secrets inside'),
  moved: z
    .array(z.strictObject({ path: z.string(), secret: z.string() }))
    .describe('Values that stand in clear in the file and are sealed in the bundle'),
  masked_comments: z.int().describe('Lines of comments that seemed to hold a secret'),
  not_stored: names.describe('Secrets that the config names and the store lacks'),
  not_carried: z
    .array(z.strictObject({ placeholder: z.string(), path: z.string() }))
    .describe('What the other machine must have itself'),
})

export type BundleReport = z.infer<typeof BundleReport>

const Compared = z.strictObject({
  name: z.string(),
  change: z
    .enum(['new', 'same', 'different', 'gone'])
    .describe(
      'What the bundle brings against what is here; gone: it is here and not in the bundle',
    ),
})

export type Compared = z.infer<typeof Compared>

export const ConfigRestored = z.strictObject({
  bundle: z.string(),
  made_at: z.iso.datetime(),
  made_by: z.string().describe('Version of caravan that made it'),
  config: z.string().describe('The file it was restored into'),
  changed: z.boolean().describe('False: everything was so already'),
  services: z.array(Compared),
  jobs: z.array(Compared),
  settings: z.array(Compared).describe('Every other key at the top of the file'),
  secrets: z.array(Compared),
  kept_here: names.describe(
    'Keys that say where things lie on this machine; they were not replaced',
  ),
  former: z.string().nullable().describe('Copy of the file that was replaced'),
  faults: z.array(z.string()).describe('What "config check" finds now'),
  unset: z
    .array(z.strictObject({ path: z.string(), message: z.string() }))
    .describe('Placeholders that have no value on this machine'),
})

export type ConfigRestored = z.infer<typeof ConfigRestored>
