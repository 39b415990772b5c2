import type { Command } from 'commander'
import type { OperationInfo } from '../app/kinds.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { formatOf, printList, printRecord, say } from './output/print.ts'
import type { Column } from './output/table.ts'

export function registerKinds(program: Command, cli: Cli): void {
  const command = program
    .command('kinds')
    .summary('List what services can be asked: operations, inputs, and who serves them')
    .argument('[operation]', 'a kind, such as sms, or one operation, such as sms.send')
    .action(async (name: string | undefined, flags: OutputFlags) => {
      const io = cli.io()
      const { operations, trouble } = await cli.withApp(async (app) => {
        const { describeKinds } = await import('../app/kinds.ts')
        return describeKinds(app, name)
      })
      const [only] = operations
      if (only && name?.includes('.') && formatOf(flags) === 'table') await printOne(cli, only)
      else {
        const empty = 'There is no operation.'
        await printList(io, { name: 'operations', rows: operations, columns, empty }, flags)
      }
      if (trouble) say(io, `! What serves them is not known: ${trouble}`)
    })
  withExamples(
    withListOutput(command),
    'caravan kinds',
    'caravan kinds sms',
    'caravan kinds sms.send',
    'caravan kinds sms.send --json',
  )
}

const serversOf = ({ services }: OperationInfo): string[] =>
  services.filter(({ serves }) => serves).map(({ service }) => service)

export const columns: Column<OperationInfo>[] = [
  { title: 'OPERATION', text: ({ operation }) => operation },
  { title: 'EFFECT', text: ({ effect }) => effect },
  { title: 'WHAT IT DOES', text: ({ summary }) => summary, shrink: 1, least: 20 },
  {
    title: 'SERVED BY',
    text: (row) => serversOf(row).join(', ') || '(none)',
    narrow: (row) => {
      const [first = '(none)', ...others] = serversOf(row)
      return others.length > 1 ? `${first} +${others.length}` : [first, ...others].join(', ')
    },
    tone: ({ services }) => (services.some(({ serves }) => serves) ? undefined : 'dim'),
    shrink: 2,
    least: 16,
  },
]

async function printOne(cli: Cli, info: OperationInfo): Promise<void> {
  const io = cli.io()
  const { effectWords, servers } = await import('./call-help.ts')
  await printRecord(
    io,
    {
      data: info,
      lines: [
        ['operation', info.operation],
        ['kind', `${info.kind}: ${info.title}`],
        ['what', info.summary],
        ['effect', effectWords[info.effect]],
        ['answers with', info.lists ? 'rows' : ''],
        ...servers(info),
        ['adapters', info.adapters.join(', ')],
        ...(info.inputs.length === 0 ? [['inputs', 'none'] as const] : []),
      ],
    },
    {},
  )
  if (info.inputs.length === 0) return
  const { renderTable } = await import('./output/table.ts')
  const { paintFor } = await import('./output/colour.ts')
  const page = { width: io.columns, paint: await paintFor(io) }
  io.out(`\n${renderTable(info.inputs, inputColumns, page)}`)
}

const inputColumns: Column<OperationInfo['inputs'][number]>[] = [
  { title: 'INPUT', text: ({ name }) => name },
  { title: 'TYPE', text: ({ type }) => type, shrink: 1, least: 20 },
  { title: 'NEEDED', text: ({ required }) => (required ? 'yes' : '') },
  { title: 'DEFAULT', text: (row) => row.default ?? '', isOptional: true, drop: 1 },
  { title: 'EXAMPLE', text: (row) => row.example ?? '', isOptional: true, drop: 2, shrink: 3 },
  { title: 'WHAT', text: (row) => row.description ?? '', isOptional: true, shrink: 2, least: 34 },
]
