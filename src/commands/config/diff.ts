import type { Command } from 'commander'
import type { ConfigDiff, DiffSide } from '../../app/answers/config.ts'
import type { Cli } from '../cli.ts'
import { withExamples, withJson } from '../flags.ts'
import { type Paint, paintFor, type Tone } from '../output/colour.ts'
import { printable, printJson, say } from '../output/print.ts'
import { formatInstant } from '../output/time.ts'
import { formatValue } from '../output/value.ts'

export function registerDiff(config: Command, cli: Cli): void {
  const diff = config
    .command('diff')
    .summary('Show what differs between two versions of the file; exit 14 when something does')
    .argument('[older]', 'a version, or "now"; left out: the last recorded version')
    .argument('[newer]', 'a version, or "now"; left out: now')
    .action(async (older: string | undefined, newer: string | undefined, flags) => {
      const io = cli.io()
      const result = await cli.withApp(async (app) => {
        const { diffConfig } = await import('../../app/config-history/history.ts')
        return diffConfig(app, older, newer)
      })
      if (result.differs) cli.exit('finding')
      if ((flags as { json?: boolean }).json) return printJson(io, result)
      const name = (side: DiffSide) => nameOf(side, io.isUtc)
      if (!result.differs) {
        return say(io, `${name(result.from)} and ${name(result.to)} are the same${butFor(result)}.`)
      }
      if (result.not_compared.length > 0) say(io, `Everything was compared${butFor(result)}.`)
      const paint = await paintFor(io)
      io.out(`${paint('strong', `--- ${name(result.from)}\n+++ ${name(result.to)}`)}\n`)
      const { shorten } = await import('../output/table.ts')
      io.out(renderDiff(result, paint, (line) => shorten(line, io.columns)))
    })
  withExamples(
    withJson(diff),
    'caravan config diff',
    'caravan config diff 1',
    'caravan config diff 1 now --json',
  )
}

/** What equal versions say nothing about. */
export const butFor = ({ not_compared: paths }: Pick<ConfigDiff, 'not_compared'>): string =>
  paths.length > 0 ? `, but for secrets in clear, which are not kept: ${paths.join(', ')}` : ''

const nameOf = ({ version, loaded_at, by }: DiffSide, isUtc: boolean): string =>
  version === null
    ? 'the file now'
    : `version ${version} (${formatInstant(loaded_at, isUtc)}, ${by ?? ''})`

/** The text as `diff -u` shows it, and below it the keys, each of them fitted to the terminal. */
export function renderDiff(
  { lines, changes }: Pick<ConfigDiff, 'lines' | 'changes'>,
  paint: Paint,
  fit: (line: string) => string,
): string {
  const text = lines.map((line) => {
    const tone = toneOfSign[line.charAt(0)]
    return tone ? paint(tone, printable(line)) : printable(line)
  })
  const keys = (changes ?? []).map(({ path, change, before, after }) => {
    const what = {
      added: `added: ${formatValue(after, empty)}`,
      removed: `removed; it was ${formatValue(before, empty)}`,
      changed: `${formatValue(before, empty)} → ${formatValue(after, empty)}`,
    }[change]
    return fit(printable(`${path}  ${what}`))
  })
  return [...text, ...(keys.length > 0 ? ['', ...keys] : [])].map((line) => `${line}\n`).join('')
}

const toneOfSign: Record<string, Tone | undefined> = { '-': 'bad', '+': 'good', '@': 'dim' }

/** How a key without a value reads. */
const empty = '(empty)'
