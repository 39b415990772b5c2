import { z } from 'zod'

const Fault = z.strictObject({
  path: z.string().describe('Such as services.haier.timeout; empty for the whole file'),
  line: z.int(),
  column: z.int(),
  message: z.string(),
  hint: z.string().nullable(),
})

export const ConfigReport = z.strictObject({
  file: z.string(),
  services: z.int(),
  jobs: z.int(),
  faults: z.array(Fault),
  remarks: z.array(Fault).describe('What is accepted and still looks like a slip'),
})

export type ConfigReport = z.infer<typeof ConfigReport>

export const ConfigVersionInfo = z.strictObject({
  version: z.int().describe('Counts up in the order of loading'),
  loaded_at: z.iso.datetime(),
  by: z.string().describe('Who ran the command that loaded it first'),
  command: z.string(),
  faults: z.int(),
  summary: z.string().describe('What changed against the version before'),
})

export type ConfigVersionInfo = z.infer<typeof ConfigVersionInfo>

const DiffSide = z.strictObject({
  version: z.int().nullable().describe('null: the file as it is now'),
  loaded_at: z.iso.datetime().nullable(),
  by: z.string().nullable(),
})

export type DiffSide = z.infer<typeof DiffSide>

const KeyChange = z.strictObject({
  path: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  before: z.unknown().describe('null when it was added'),
  after: z.unknown().describe('null when it was removed'),
})

const NotCompared = z
  .array(z.string())
  .describe('Paths of secrets in clear on both sides: versions do not keep them')

export const ConfigDiff = z.strictObject({
  from: DiffSide,
  to: DiffSide,
  differs: z.boolean(),
  changes: z
    .array(KeyChange)
    .nullable()
    .describe('What differs as data; null when one side is no YAML. Secrets are ***'),
  lines: z.array(z.string()).describe('What differs as text, in the form of "diff -u"'),
  not_compared: NotCompared,
})

export type ConfigDiff = z.infer<typeof ConfigDiff>

export const RollbackResult = z.strictObject({
  file: z.string(),
  version: z.int().describe('The version that was put back'),
  recorded_as: z.int().nullable().describe('Its new number; null when nothing had to be written'),
  former: z
    .string()
    .nullable()
    .describe(
      'Copy of the file that was replaced; null when its version can be put back as it was',
    ),
  changed: z.boolean(),
  changes: z.array(KeyChange).nullable(),
  not_compared: NotCompared,
  notes: z.array(z.string()),
})

export type RollbackResult = z.infer<typeof RollbackResult>

const layers = [
  'switch',
  'file',
  'environment',
  'default in the file',
  'secret store',
  'value file',
  'systemd credential',
  'adapter',
  'job',
  'caravan',
  'not set',
] as const

const KeySource = z.strictObject({
  layer: z.enum(layers),
  detail: z.string().describe('Where in that layer: a line of the file, the name of a variable'),
  value: z.unknown().describe('As it would hold; *** for secrets, null when it cannot be known'),
  line: z.int().nullable().describe('Of the file'),
  column: z.int().nullable(),
})

export type KeySource = z.infer<typeof KeySource>
export type Layer = KeySource['layer']

export const ExplainedKey = z.strictObject({
  key: z.string(),
  value: z.unknown().describe('What holds; *** for secrets, null when nothing does'),
  source: KeySource.describe('The layer it comes from'),
  overridden: z.array(KeySource).describe('Where else it is set, the strongest first'),
  fault: z.string().nullable().describe('Why it cannot be used'),
  about: z.string().nullable().describe('What the field is for and which values it takes'),
})

export type ExplainedKey = z.infer<typeof ExplainedKey>

export const ConfigExplanation = z.strictObject({
  key: z.string(),
  keys: z.array(ExplainedKey).describe('The key itself, or every key below it'),
  config: z.strictObject({
    file: z.string(),
    found_by: z.string(),
    unused: z
      .array(z.strictObject({ file: z.string(), place: z.string() }))
      .describe('Files that lie where one is looked for and are not used'),
  }),
})

export type ConfigExplanation = z.infer<typeof ConfigExplanation>
