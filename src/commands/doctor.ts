import type { Command } from 'commander'
import type { DoctorAnswer, DoctorFinding } from '../app/answers/doctor.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import type { Paint, Tone } from './output/colour.ts'
import type { Io } from './output/io.ts'
import { formatOf, printJson, printList, say } from './output/print.ts'
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
  const looked = checks.filter(({ result }) => result !== 'skipped').length
  const empty = `Nothing to mend: ${looked} checks.`
  await printList(io, { name: 'findings', rows: findings, columns, empty, tall }, flags)
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

const tall = ({ severity, check, what, why, mend }: DoctorFinding, paint: Paint) => ({
  head: `${paint(tones[severity], severity)} ${check}`,
  texts: [what, why ?? '', `→ ${mend}`],
})

const withReason = ({ what, why }: DoctorFinding): string => (why ? `${what} (${why})` : what)
