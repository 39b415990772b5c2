import type { Command } from 'commander'
import type { Explained } from '../app/answers/explain.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { formatOf, printList, printRecord } from './output/print.ts'

export function registerExplain(program: Command, cli: Cli): void {
  const command = program
    .command('explain')
    .summary('Say what a code means and what to do about it')
    .description('Says what the code of an error means, or an exit code, and what to do about it.')
    .argument('[code...]', 'what stands in the brackets of an error, or an exit code')
    .action(async (words: string[], flags: OutputFlags) => {
      const { explainAll, listExplanations } = await import('../app/explain.ts')
      const io = cli.io()
      const { rows, unknown } =
        words.length > 0 ? explainAll(words) : { rows: listExplanations(), unknown: undefined }
      const isNamed = words.length > 0 && rows.every(({ group }) => group !== 'exit')
      if (isNamed && formatOf(flags) === 'table') {
        for (const [index, row] of rows.entries()) {
          if (index > 0) io.out('\n')
          await printRecord(io, { data: row, lines: linesOf(row) }, flags)
        }
      } else {
        await printList(io, { name: 'codes', rows, columns, empty: 'There are no codes.' }, flags)
      }
      if (unknown) throw unknown
    })
  withExamples(
    withListOutput(command),
    'caravan explain',
    'caravan explain state_busy',
    'caravan explain 4 --json',
  )
}

const groups: Record<Explained['group'], string> = {
  error: 'an error of caravan',
  call: 'a failed call to a vendor',
  outcome: 'the outcome of a failed call',
  test: 'a connection test',
  api: 'a refusal of the listener',
  exit: 'an exit code',
}

const linesOf = ({ code, group, exit, cause, next }: Explained) =>
  [
    ['code', `${code} (${groups[group]})`],
    ['means', cause],
    ['what to do', next],
    ['exit code', exit === null || group === 'exit' ? '' : String(exit)],
  ] as const

const columns = [
  { title: 'CODE', text: (row: Explained) => row.code },
  { title: 'OF', text: (row: Explained) => row.group, drop: 1 },
  { title: 'EXIT', text: (row: Explained) => String(row.exit ?? ''), isNumber: true },
  { title: 'MEANS', text: (row: Explained) => row.cause, shrink: 1 },
  { title: 'WHAT TO DO', text: (row: Explained) => row.next, shrink: 2, drop: 2 },
]
