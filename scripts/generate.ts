/** What is generated from the definitions the code runs: the example config, the adapter pages, the tables of the README. */
import { adapters } from '../src/adapters/index.ts'
import { termOf } from '../src/commands/index.ts'
import { exampleConfig } from '../src/config/example.ts'
import { type Field, fieldsOf, valueText } from '../src/config/form.ts'
import type { AnyAdapter } from '../src/core/adapter.ts'
import { exitCodes } from '../src/core/exit-codes.ts'
import { configOptionsOf, toldPerRun } from '../src/jobs/define.ts'
import { jobs } from '../src/jobs/index.ts'
import { leafCommands } from '../src/testing/contract/commands.ts'
import { apiPage } from './generate-api.ts'
import { errorsPage } from './generate-errors.ts'
import { generateSchemas } from './generate-schemas.ts'

/** Every generated file by its path from the root; `readme` is the README as it stands. */
export async function generate(readme: string): Promise<Map<string, string>> {
  const loaded = await Promise.all(adapters.map(({ load }) => load()))
  const loadedJobs = await Promise.all(jobs.map(({ load }) => load()))
  const schedules: Record<string, string> = { 'haier-products': '0 3 * * *' }
  const exampleJobs = loadedJobs.map((job) => ({
    ...job,
    options: configOptionsOf(job),
    schedule: toldPerRun(job).length > 0 ? null : schedules[job.id],
  }))
  return new Map([
    ['integrations.example.yaml', exampleConfig(loaded, exampleJobs)],
    ...loaded.map((adapter) => [`docs/adapters/${adapter.id}.md`, adapterPage(adapter)] as const),
    ...generateSchemas(),
    ['docs/errors.md', errorsPage()],
    ['docs/api.md', apiPage()],
    ['README.md', fill(fill(readme, 'commands', commandTable()), 'exit codes', exitTable())],
  ])
}

/** Replaces what stands between `<!-- name -->` and `<!-- end -->`. */
function fill(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, '<!-- end -->']
  const from = text.indexOf(start)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`README.md has no part "${name}"`)
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`
}

function commandTable(): string {
  const shown = leafCommands().filter(({ isHidden }) => !isHidden)
  return table(
    ['command', 'what it does'],
    shown.map(({ words, command }) => {
      const term = [...words.split(' ').slice(0, -1), termOf(command)].join(' ')
      return [`\`caravan ${term}\``, command.summary()]
    }),
  )
}

const exitTable = (): string =>
  table(
    ['exit', 'meaning'],
    Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning]),
  )

function adapterPage(adapter: AnyAdapter): string {
  const { id, title, kind, docs, limits, operations } = adapter
  const limit = [
    limits.perSecond && `${limits.perSecond} requests a second`,
    limits.concurrent && `${limits.concurrent} at once`,
    `${limits.timeoutMs / 1000} s for a request`,
  ].filter(Boolean)
  return `# ${title} (\`${id}\`)

Kind: ${kind.title} (\`${kind.id}\`). Vendor's documentation: ${docs}.
Guarded by default with ${limit.join(', ')}.

    caravan add ${id}
    caravan test ${id}

Rehearse without the vendor: \`caravan sandbox ${id}\`.

## Fields

${table(['field', 'required', 'what it is'], fieldsOf(adapter.config).map(fieldRow))}

Secrets are kept in the encrypted store; the config file names them as \`\${secret:…}\`.

## Operations

${table(['operation', 'repeat', 'what it does'], operationRows(kind.operations, operations))}

\`safe\` may be repeated freely, \`keyed\` carries a key by which the vendor drops repeats, \`once\` is never repeated
after it may have been done.

${webhooksOf(adapter)}## Sandbox

${table(['flag', 'default', 'what it is'], fieldsOf(adapter.twin.options).map(flagRow))}
`
}

/** Nothing of a vendor that sends none. */
const webhooksOf = ({ hooks }: AnyAdapter): string =>
  hooks
    ? `## Webhooks

The daemon takes them at \`/hooks/<service>\` of its listener ([api.md](../api.md)), with the name of the service as it
stands in the config; \`caravan hooks addresses\` lists them.

${hooks.about}${
        hooks.addresses
          ? ` They may come from ${hooks.addresses.join(', ')}, unless \`hooks.allow_from\` says otherwise.`
          : ''
      }

`
    : ''

const fieldRow = (field: Field): string[] => [
  `\`${field.name}\``,
  field.required
    ? 'yes'
    : valueText(field.default) === undefined
      ? 'no'
      : `default \`${valueText(field.default)}\``,
  [
    field.description && `${field.description}.`,
    field.isSecret && 'Secret.',
    field.choices && `One of ${field.choices.join(', ')}.`,
    field.isGroup && 'A group: JSON on the command line.',
    field.example !== undefined && `Such as \`${valueText(field.example)}\`.`,
  ]
    .filter(Boolean)
    .join(' '),
]

const flagRow = (field: Field): string[] => [
  `\`--${field.name.replaceAll('_', '-')}\``,
  valueText(field.default) === undefined ? '' : `\`${valueText(field.default)}\``,
  field.description ?? '',
]

function operationRows(
  shapes: Record<string, { summary: string }>,
  offered: Record<string, { repeat: string } | undefined>,
): string[][] {
  return Object.entries(offered).flatMap(([name, operation]) => {
    const summary = shapes[name]?.summary
    return operation && summary ? [[`\`${name}\``, operation.repeat, summary]] : []
  })
}

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
