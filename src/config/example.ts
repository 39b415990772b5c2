import type { z } from 'zod'
import { fieldsOf } from './form.ts'
import type { Field } from './form.ts'
import { blockLines } from './yaml-text.ts'

/** What the example says about an adapter; `AnyAdapter` fits. */
export type ExampleAdapter = { id: string; title: string; docs: string; config: z.ZodObject }

export type ExampleJob = {
  id: string
  title: string
  /** Five cron fields; null: no schedule can run it. */
  schedule?: string | null
  options?: z.ZodObject
}

/**
 * The text of integrations.example.yaml: every adapter with every field, every job with every option. The same input
 * gives the same bytes, and the text is a valid file. What has a default or may be left out is commented out.
 */
export const exampleConfig = (
  adapters: readonly ExampleAdapter[],
  jobs: readonly ExampleJob[],
): string =>
  [
    head,
    sectionOf('services', adapters.map(serviceLines)),
    routes,
    sectionOf('jobs', jobs.map(jobLines)),
    foot,
  ].join('\n')

/** The environment variables that the example names; a test or a sandbox sets them. */
export const exampleVariables = (adapters: readonly ExampleAdapter[]): string[] =>
  adapters.flatMap(({ id, config }) =>
    fieldsOf(config)
      .filter((field) => field.required && valueOf(id, field) === `\${${variableOf(id, field)}}`)
      .map((field) => variableOf(id, field)),
  )

const head = `# integrations.yaml: what caravan is to do. Generated from the adapters' schemas; copy what you need.
#
# Placeholders stand for values that do not belong into a file:
#   \${NAME}  \${NAME:-default}   the environment
#   \${secret:name}              the encrypted store: caravan secret set name
#   \${file:path}                a file, relative to this one
#   \${cred:name}                a systemd credential
# A literal \${ is written $\${.

version: 1
# A SQLite file, relative to this one.
state: ./caravan.db
# For schedules and for files without a zone of their own.
timezone: UTC
# key_file: ./caravan.key
# listen: 127.0.0.1:8080
`

const routes = `# What happens to a call when no service of its kind can take it: fail, queue, or cached (reads only).
routes:
  # sms: { when_unavailable: queue }
`

const foot = `alerts:
  # Services that carry alerts.
  channels: []
  cooldown: 15m
  # Over which calls are judged, how many there must be, and what is too bad.
  # window: 1h
  # min_calls: 10
  # success_rate: 90
  # response_time: 5s
  # expires_within: 14d
  # digest_over: 5
  # off: [run_partial]

retention:
  calls: 30d
  runs: 180d
  max_size: 2GB
`

const style = { eol: '\n', indent: 2 } as const

const sectionOf = (key: string, blocks: string[][]): string =>
  `${key}:\n${blocks.map((lines) => lines.map((line) => `  ${line}\n`).join('')).join('\n')}`

function serviceLines({ id, title, docs, config }: ExampleAdapter): string[] {
  const fields = fieldsOf(config)
  const body = fields.flatMap((field) => fieldLines(field, valueOf(id, field)))
  return [
    ...comment(`${title}. ${docs}`),
    `${id}:`,
    `  adapter: ${id}`,
    '  # enabled: true',
    '  # priority: 1              # the lowest number is asked first',
    '  # weight: 100              # equal priorities share by weight',
    '  # timeout: 10s',
    '  # retry: { attempts: 3 }',
    '  # breaker: { failures: 5, open_for: 60s }',
    '  # rate_limit: { per_second: 20, concurrent: 8 }',
    '  # allow_redirects_to: [https://files.example.com] # for reading alone',
    ...(body.length ? ['  config:', ...body.map((line) => `    ${line}`)] : []),
  ]
}

function jobLines({ id, title, schedule, options }: ExampleJob): string[] {
  const fields = options ? fieldsOf(options) : []
  const body = fields.flatMap((field) => fieldLines(field, optionOf(field)))
  const hasOpen = fields.some(({ required }) => required)
  return [
    ...comment(title),
    `${id}:`,
    schedule === null
      ? '  # No schedule can run it: each run is told what to read.'
      : `  schedule: ${JSON.stringify(schedule ?? '0 3 * * *')}`,
    '  enabled: true',
    ...(body.length
      ? [hasOpen ? '  with:' : '  # with:', ...body.map((line) => `    ${line}`)]
      : []),
  ]
}

/** The description and rule above, then the field, commented out unless it must be given. */
function fieldLines(field: Field, value: unknown): string[] {
  const about = [field.description, field.choices?.join(' | '), field.rule]
    .filter(Boolean)
    .join('; ')
  const lines = blockLines(field.name, value ?? '', style)
  const shown = field.required ? lines : lines.map((line) => `# ${line}`)
  return [...(about ? comment(about) : []), ...shown]
}

/** Of a job; what holds nothing has at least its own shape. */
function optionOf({ type, isGroup, ...field }: Field): unknown {
  const empty = type !== 'yaml' ? '' : isGroup ? {} : []
  return field.default ?? field.example ?? empty
}

function valueOf(id: string, field: Field): unknown {
  if (field.isSecret) return `\${secret:${id}.${field.name}}`
  if (field.default !== undefined) return field.default
  if (field.example !== undefined) return field.example
  if (field.choices) return field.choices[0]
  return `\${${variableOf(id, field)}}`
}

const variableOf = (id: string, { name }: Field): string => {
  const variable = `${id}_${name}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
  return /^\d/.test(variable) ? `_${variable}` : variable
}

const comment = (text: string): string[] => text.split('\n').map((line) => `# ${line}`.trimEnd())
