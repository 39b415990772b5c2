import type { Command } from 'commander'
import type { RouteExplanation, RoutePolicy, RouteSimulation } from '../app/answers/routes.ts'
import type { Cli } from './cli.ts'
import { count, type OutputFlags, withExamples, withJson } from './flags.ts'
import { formatOf, printJson, printList, say } from './output/print.ts'
import type { Column } from './output/table.ts'
import { formatDuration, formatInstant, formatShortInstant } from './output/time.ts'

export function registerRoute(program: Command, cli: Cli): void {
  const route = program.command('route').summary('Look at which services serve a kind of calls')

  const explain = route
    .command('explain')
    .summary('Say which service would be asked now, in which order, and why not the others')
    .argument('<kind>', 'kind of service, such as sms')
    .option('--operation <operation>', 'only services that offer this operation')
    .action(async (kind: string, flags: OutputFlags & { operation?: string }) => {
      const io = cli.io()
      const answer = await cli.withApp(async (app) => {
        const { explainRoute } = await import('../app/route/explain.ts')
        return explainRoute(app, kind, flags)
      })
      if (formatOf(flags) === 'json') return printJson(io, answer)
      const columns = explainColumns(io.isUtc)
      const empty = `There is no service of kind ${kind}: "caravan adapters" lists who offers it.`
      await printList(io, { name: 'services', rows: answer.services, columns, empty }, flags)
      if (answer.services.length > 0) say(io, describeNow(answer))
    })
  withExamples(
    withJson(explain),
    'caravan route explain sms',
    'caravan route explain supplier --json',
  )

  const simulate = route
    .command('simulate')
    .summary('Show how calls would be split among the services; nothing is sent')
    .argument('<kind>', 'kind of service, such as sms')
    .option('--calls <n>', 'how many', count, 1000)
    .option('--down <service...>', 'as if these services could not be reached')
    .option('--all-up', 'as if every other service could be asked, whatever its state is now')
    .option('--seed <n>', 'draw the same again', count)
    .action(async (kind: string, flags: SimulateFlags) => {
      const io = cli.io()
      const answer = await cli.withApp(async (app) => {
        const { simulateRoute } = await import('../app/route/simulate.ts')
        return simulateRoute(app, kind, flags)
      })
      if (formatOf(flags) === 'json') return printJson(io, answer)
      const rows = answer.services
      await printList(io, { name: 'services', rows, columns: splitColumns, empty: '' }, flags)
      say(io, describeSplit(answer))
    })
  withExamples(
    withJson(simulate),
    'caravan route simulate supplier --calls 1000',
    'caravan route simulate supplier --down haier --seed 1 --json',
  )
}

type SimulateFlags = OutputFlags & {
  calls: number
  down?: string[]
  allUp?: boolean
  seed?: number
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

const explainColumns = (isUtc: boolean): Column<RouteExplanation['services'][number]>[] => [
  { title: 'ORDER', text: ({ order }) => (order === null ? '-' : String(order)), isNumber: true },
  {
    title: 'SERVICE',
    text: ({ service }) => service,
    tone: ({ usable }) => (usable ? 'strong' : 'dim'),
  },
  { title: 'ADAPTER', text: ({ adapter }) => adapter, drop: 3 },
  { title: 'PRIORITY', text: ({ priority }) => String(priority), isNumber: true, drop: 2 },
  { title: 'WEIGHT', text: ({ weight }) => String(weight), isNumber: true, drop: 2 },
  {
    title: 'SHARE',
    text: ({ share }) => (share === null ? '-' : percent(share)),
    isNumber: true,
  },
  {
    title: 'WHY',
    text: ({ why }) => why ?? '',
    tone: ({ usable }) => (usable ? undefined : 'bad'),
    isOptional: true,
    shrink: 1,
    least: 40,
  },
  {
    title: 'UNTIL',
    text: ({ until }) => formatInstant(until, isUtc),
    narrow: ({ until }) => formatShortInstant(until, isUtc),
    isOptional: true,
    drop: 1,
  },
]

function describeNow(answer: RouteExplanation): string {
  const { kind, operation, services } = answer
  const name = operation ? `${kind}.${operation}` : kind
  const first = services.filter(({ order }) => order === 1).map(({ service }) => service)
  const now =
    first.length === 0
      ? `Nobody can serve ${name} now.`
      : `A call of ${name} is sent to ${first.join(' or ')}.`
  return `${now} ${describePolicy(answer)}`
}

function describeSplit(answer: RouteSimulation): string {
  const { calls, unserved, seed } = answer
  const served =
    unserved === 0
      ? `All ${calls} calls are served.`
      : `${unserved} of ${calls} calls are served by nobody.`
  return `${served} ${describePolicy(answer)} Drawn with --seed ${seed}.`
}

function describePolicy({ when_unavailable: policy, ...policyMs }: RoutePolicy): string {
  const when = 'When no service can take a call,'
  if (policy === 'fail') return `${when} it fails.`
  if (policy === 'queue') {
    const span = formatDuration(policyMs.queue_for_ms)
    return `${when} it is queued and tried for ${span}; reads and payments fail.`
  }
  const span = formatDuration(policyMs.stale_for_ms)
  return `${when} a read is answered with the last answer, at most ${span} old; the rest fails.`
}

const splitColumns: Column<RouteSimulation['services'][number]>[] = [
  { title: 'SERVICE', text: ({ service }) => service, tone: () => 'strong' },
  { title: 'PRIORITY', text: ({ priority }) => String(priority), isNumber: true, drop: 2 },
  { title: 'WEIGHT', text: ({ weight }) => String(weight), isNumber: true, drop: 1 },
  { title: 'ASKED', text: ({ asked }) => String(asked), isNumber: true },
  { title: 'SERVED', text: ({ served }) => String(served), isNumber: true },
  { title: 'SHARE', text: ({ share }) => percent(share), isNumber: true },
  {
    title: 'STATE',
    text: ({ why }) => (why === null ? '' : why === '--down' ? 'down' : `down: ${why}`),
    tone: () => 'bad',
    isOptional: true,
    shrink: 1,
    least: 30,
  },
]
