import type { Command } from 'commander'
import type { BreakerInfo } from '../app/answers/breakers.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import { printList, printRecord } from './output/print.ts'
import { formatInstant, shortId } from './output/time.ts'
import { sayFaults } from './say-faults.ts'

export function registerBreaker(program: Command, cli: Cli): void {
  const breaker = program
    .command('breaker')
    .summary('Look at what keeps calls from a failing service')

  const list = breaker
    .command('list', { isDefault: true })
    .summary('List the breakers of all services')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const { rows, faults } = await cli.withApp(async (app) => {
        const { showBreakers } = await import('../app/breakers.ts')
        return showBreakers(app)
      })
      const at = (instant: string | null) => formatInstant(instant, io.isUtc)
      await printList(
        io,
        {
          name: 'breakers',
          rows,
          columns: [
            { title: 'SERVICE', text: (row) => row.service, tone: () => 'strong' },
            {
              title: 'STATE',
              text: (row) => row.state,
              tone: (row) => (row.state === 'closed' ? 'good' : 'bad'),
            },
            { title: 'FAILURES', text: (row) => String(row.failures), isNumber: true, drop: 4 },
            { title: 'SINCE', text: (row) => at(row.since), isOptional: true, drop: 3 },
            { title: 'UNTIL', text: (row) => at(row.until), isOptional: true, drop: 2 },
            { title: 'PROBE', text: describeProbe, isOptional: true, drop: 5 },
            {
              title: 'PAUSED UNTIL',
              text: (row) => at(row.paused_until),
              isOptional: true,
              drop: 1,
            },
            {
              title: 'WHY',
              text: (row) => row.reason ?? '',
              isOptional: true,
              shrink: 1,
              least: 20,
            },
          ],
          empty: 'There are no services yet. Add one with "caravan add <adapter>".',
        },
        flags,
      )
      sayFaults(io, faults)
    })
  withExamples(withListOutput(list), 'caravan breaker', 'caravan breaker list --json')

  const trip = breaker
    .command('trip')
    .summary('Open a breaker by hand: nothing is sent, for every process, at once')
    .argument('<service>', 'name of the service')
    .option('--reason <text>', 'why, for those whose calls are refused; always needed')
    .option('--for <duration>', 'let a call through again after this time, such as 10m')
    .action(async (name: string, flags: { reason?: string; for?: string; json?: boolean }) => {
      const io = cli.io()
      const info = await cli.withApp(async (app) => {
        const { tripBreaker } = await import('../app/breakers.ts')
        return tripBreaker(app, name, flags)
      })
      const until = formatInstant(info.until, io.isUtc) || 'somebody resets it'
      const lines = [
        ['service', info.service],
        ['breaker', info.state],
        ['why', info.reason ?? ''],
        ['until', until],
      ] as const
      await printRecord(io, { data: info, lines }, flags)
    })
  withExamples(
    withJson(trip),
    'caravan breaker trip haier --for 10m --reason "maintenance at the vendor"',
  )

  const reset = breaker
    .command('reset')
    .summary('Close a breaker, free a held service, forget a pause its vendor asked for')
    .argument('<service>', 'name of the service')
    .action(async (name: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const result = await cli.withApp(async (app) => {
        const { resetBreaker } = await import('../app/breakers.ts')
        return resetBreaker(app, name)
      })
      const lines = [
        ['service', result.service],
        ['freed', result.freed.join('\n') || 'nothing: it was closed already'],
        ['it said', result.was.reason ?? ''],
      ] as const
      await printRecord(io, { data: result, lines }, flags)
    })
  withExamples(withJson(reset), 'caravan breaker reset haier')
}

function describeProbe({ probe }: BreakerInfo): string {
  if (!probe) return ''
  const where = probe.pid === null ? '' : ` (process ${probe.pid} on ${probe.host})`
  return `${shortId(probe.call)}${where}`
}
