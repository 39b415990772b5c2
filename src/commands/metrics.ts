import type { Command } from 'commander'
import type { Metrics, ServiceMetrics } from '../app/answers/metrics.ts'
import type { Cli } from './cli.ts'
import { type OutputFlags, withExamples, withListOutput } from './flags.ts'
import { formatCount, formatSize } from './output/numbers.ts'
import { formatOf, printJson, printList, say } from './output/print.ts'
import type { Column } from './output/table.ts'
import { formatDuration, formatInstant } from './output/time.ts'

type Row = Omit<ServiceMetrics, 'service'> & { service: string }

export function registerMetrics(program: Command, cli: Cli): void {
  const command = program
    .command('metrics')
    .summary('What the services did in a span of time: calls, failures, response times')
    .option('--since <duration>', 'how far back, such as 24h', '24h')
    .option('--service <service>', 'of one service alone')
    .action(async (flags: OutputFlags & { since: string; service?: string }) => {
      const io = cli.io()
      const metrics = await cli.withApp(async (app) => {
        const { readDurationFlag } = await import('../app/duration-flag.ts')
        const { readMetrics } = await import('../app/metrics.ts')
        const sinceMs = readDurationFlag('--since', flags.since)
        return readMetrics(app, { sinceMs, service: flags.service })
      })
      const format = formatOf(flags)
      if (format === 'json') return printJson(io, metrics)
      const rows: Row[] = [...metrics.services]
      if (format === 'table' && rows.length > 1) rows.push({ service: 'all', ...metrics.total })
      const empty = 'There are no services yet. Add one with "caravan add <adapter>".'
      await printList(io, { name: 'services', rows, columns: columnsOf(metrics), empty }, flags)
      if (format === 'table' && rows.length > 0) {
        say(io, `Since ${formatInstant(metrics.since, io.isUtc)}.`)
      }
    })
  withExamples(
    withListOutput(command),
    'caravan metrics',
    'caravan metrics --since 1h --service haier --json',
  )
}

const columnsOf = ({ total }: Metrics): Column<Row>[] => {
  const shown = (value: number): string => (value === 0 ? '' : formatCount(value))
  return [
    { title: 'SERVICE', text: (row) => row.service, tone: () => 'strong' },
    { title: 'CALLS', text: (row) => formatCount(row.operations), isNumber: true },
    {
      title: 'FAILED',
      text: (row) => formatCount(row.failures),
      isNumber: true,
      tone: (row) => (row.failures > 0 ? 'bad' : undefined),
    },
    { title: 'UNKNOWN', text: (row) => shown(row.unknown), isNumber: true, isOptional: true },
    { title: 'PARTIAL', text: (row) => shown(row.partial), isNumber: true, isOptional: true },
    {
      title: 'SUCCESS',
      text: (row) => (row.success_rate === null ? '' : `${row.success_rate.toFixed(1)}%`),
      isNumber: true,
    },
    { title: 'MEAN', text: (row) => spanOf(row.mean_ms), isNumber: true },
    { title: 'P95', text: (row) => spanOf(row.p95_ms), isNumber: true },
    {
      title: 'DATA',
      text: (row) => formatSize(row.bytes_sent + row.bytes_received),
      isNumber: true,
      drop: 2,
    },
    {
      title: 'TRIPS',
      text: (row) => formatCount(row.breaker_trips),
      isNumber: true,
      tone: (row) => (row.breaker_trips > 0 ? 'bad' : undefined),
      drop: 1,
    },
    ...(total.open_conflicts > 0
      ? [
          {
            title: 'CONFLICTS',
            text: (row: Row) => formatCount(row.open_conflicts),
            isNumber: true,
          },
        ]
      : []),
    {
      title: 'CHECKS',
      text: ({ checks, failed_checks: failed }) => {
        if (checks === 0) return ''
        return failed === 0 ? `${checks} ok` : `${failed} of ${checks} failed`
      },
      tone: ({ failed_checks: failed }) => (failed > 0 ? 'bad' : undefined),
      isOptional: true,
      drop: 3,
    },
  ]
}

const spanOf = (ms: number | null): string => (ms === null ? '' : formatDuration(ms))
