import type { Command } from 'commander'
import type { DoctorAnswer, DoctorFinding } from '../app/answers/doctor.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { paintFor, type Tone } from './output/colour.ts'
import type { Io } from './output/io.ts'
import { formatOf, printable, printJson, printList, say } from './output/print.ts'
import type { Column } from './output/table.ts'

type Flags = OutputFlags & { fix?: boolean; thorough?: boolean; deadline?: string }

export function registerDoctor(program: Command, cli: Cli): void {
  const command = program
    .command('doctor')
    .summary('Look for what is wrong or soon will be, each with what mends it')
    .option('--fix', 'mend what is harmless: modes, drafts, indexes, dead runs')
    .option('--thorough', 'read every page and index of the files; may take minutes')
    .option('--deadline <duration>', 'how long it may take (default: 20s; thorough: 10m)')
    .action(async (flags: Flags) => {
      const io = cli.io()
      const answer = await cli.withApp(async (app) => {
        const { examine } = await import('../app/doctor/index.ts')
        return examine(app, flags)
      })
      await printAnswer(io, answer, flags)
      if (answer.findings.some(({ severity }) => severity !== 'note')) cli.exit('finding')
    })
  withExamples(
    withListOutput(command),
    'caravan doctor',
    'caravan doctor --fix',
    'caravan doctor --thorough --deadline 30m --json',
  )
}

async function printAnswer(io: Io, answer: DoctorAnswer, flags: Flags): Promise<void> {
  for (const { what, failed } of answer.fixed) {
    say(io, failed === null ? `Mended: ${what}` : `Not mended: ${what}: ${failed}`)
  }
  if (formatOf(flags) === 'json') return printJson(io, answer)
  const { findings, checks } = answer
  if (formatOf(flags) === 'table' && findings.length > 0) return printTable(io, findings)
  const looked = checks.filter(({ result }) => result !== 'skipped').length
  const empty = `Nothing to mend: ${looked} checks.`
  await printList(io, { name: 'findings', rows: findings, columns, empty }, flags)
}

const tones: Record<DoctorFinding['severity'], Tone> = {
  problem: 'bad',
  warning: 'warn',
  note: 'dim',
}

const columns: readonly Column<DoctorFinding>[] = [
  { title: 'SEVERITY', text: (row) => row.severity, tone: (row) => tones[row.severity] },
  { title: 'CHECK', text: (row) => row.check },
  { title: 'FINDING', text: (row) => withReason(row) },
  { title: 'MEND', text: (row) => row.mend },
]

const withReason = ({ what, why }: DoctorFinding): string => (why ? `${what} (${why})` : what)

/** Findings are sentences: where they do not fit into a table, they stand one below the other. */
async function printTable(io: Io, findings: readonly DoctorFinding[]): Promise<void> {
  const { renderTable, stringWidth } = await import('./output/table.ts')
  const paint = await paintFor(io)
  const plain = renderTable(findings, columns, { width: Infinity, paint: (_, text) => text })
  const fits = plain.split('\n').every((line) => stringWidth(line) <= io.columns)
  if (fits) return io.page(renderTable(findings, columns, { width: io.columns, paint }))
  const { wrap } = await import('./output/wrap.ts')
  const texts = findings.map(({ severity, check, what, why, mend }) =>
    [
      `${paint(tones[severity], severity)} ${check}`,
      ...[what, why, `→ ${mend}`]
        .filter((text) => text !== null)
        .flatMap((text) => wrap(`  ${printable(text)}`, io.columns)),
    ]
      .map((line) => `${line}\n`)
      .join(''),
  )
  await io.page(texts.join('\n'))
}
