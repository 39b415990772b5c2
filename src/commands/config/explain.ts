import type { Command } from 'commander'
import type { ConfigExplanation, ExplainedKey, KeySource } from '../../app/answers/config.ts'
import type { Cli } from '../cli.ts'
import { withExamples, withJson } from '../flags.ts'
import type { Io } from '../output/io.ts'
import { paintFor } from '../output/colour.ts'
import { printJson, printRecord, say } from '../output/print.ts'
import { formatValue } from '../output/value.ts'

export function registerExplain(config: Command, cli: Cli): void {
  const explain = config
    .command('explain')
    .summary('Say which value holds, where it comes from and where else it is set')
    .argument('[key]', 'a key or a group of keys, such as services.haier.timeout; left out: all')
    .action(async (key: string | undefined, flags: { json?: boolean }) => {
      const io = cli.io()
      const answer = await cli.withApp(async (app) => {
        const { explainKey } = await import('../../app/config-explain/index.ts')
        return explainKey(app, key)
      })
      if (flags.json) return printJson(io, answer)
      const [only] = answer.keys
      if (only && answer.keys.length === 1) await printKey(io, answer, only)
      else await printKeys(io, answer)
    })
  withExamples(
    withJson(explain),
    'caravan config explain retention.max_size',
    'caravan config explain jobs.haier-products',
    'caravan config explain --json',
  )
}

async function printKey(io: Io, answer: ConfigExplanation, it: ExplainedKey): Promise<void> {
  const { file, found_by, unused } = answer.config
  await printRecord(
    io,
    {
      data: answer,
      lines: [
        ['key', it.key],
        ['value', formatValue(it.value)],
        ['from', describe(it.source)],
        ['fault', it.fault ?? ''],
        [
          'overrides',
          it.overridden.map((each) => `${formatValue(each.value)}  ${describe(each)}`).join('\n'),
        ],
        ['about', it.about ?? ''],
        ['config', `${file} (${found_by})`],
        ['not used', unused.map((each) => `${each.file} (${each.place})`).join('\n')],
      ],
    },
    {},
  )
}

async function printKeys(io: Io, { keys, config }: ConfigExplanation): Promise<void> {
  const set = keys.filter(({ source }) => source.layer !== 'not set')
  const { renderTable } = await import('../output/table.ts')
  const table = renderTable(
    set,
    [
      { title: 'KEY', text: (row) => row.key, tone: () => 'strong' },
      { title: 'VALUE', text: (row) => formatValue(row.value), shrink: 2 },
      { title: 'FROM', text: (row) => describe(row.source), shrink: 1 },
      {
        title: 'FAULT',
        text: (row) => row.fault ?? '',
        tone: () => 'bad',
        isOptional: true,
        shrink: 3,
      },
    ],
    { width: io.columns, paint: await paintFor(io) },
  )
  io.out(table)
  const rest = keys.length - set.length
  if (rest > 0) say(io, `${rest} more keys are not set; --json lists them.`)
  for (const { file, place } of config.unused) say(io, `Not used: ${file} (${place})`)
}

/** `the file, integrations.yaml:12:14`, or `default of caravan`. */
const describe = ({ layer, detail }: KeySource): string =>
  isBuiltIn(layer) ? detail : `${layer === 'file' ? 'the file' : layer}, ${detail}`

const isBuiltIn = (layer: KeySource['layer']): boolean =>
  ['adapter', 'job', 'caravan', 'not set'].includes(layer)
