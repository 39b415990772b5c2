import { type Command, Option } from 'commander'
import type { CallInfo } from '../app/answers/calls.ts'
import type { LogQuery } from '../app/logs.ts'
import type { Cli } from './cli.ts'
import { renderDeliveries } from './deliveries.ts'
import { count, type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import { openList, printList, printRecord, say } from './output/print.ts'
import type { Column } from './output/table.ts'
import { formatDuration, formatInstant, formatShortInstant, shortId } from './output/time.ts'
import { wrap } from './output/wrap.ts'

type LogFlags = OutputFlags & LogQuery & { follow?: boolean }

export function registerLogs(program: Command, cli: Cli): void {
  const logs = program.command('logs').summary('Look at the calls that were made')

  const list = logs
    .command('list', { isDefault: true })
    .summary('List calls, the newest first')
    .option('--service <service>', 'only calls to this service')
    .option('--operation <name>', 'only this operation, such as supplier.getStock')
    .addOption(
      new Option('--outcome <outcome>', 'only calls that ended so').choices([
        'done',
        'partial',
        'failed',
        'unknown',
        'accepted',
      ]),
    )
    .option('--since <when>', 'from this time on: 2h, 3d, or 2026-11-21T08:00')
    .option('--until <when>', 'up to this time')
    .option('--run <run>', 'only calls of this run')
    .option(
      '--correlation <correlation>',
      'only calls of this correlation id, as the log of the daemon has it',
    )
    .option('--text <text>', 'only calls with this text in request, response or error')
    .option('--limit <n>', 'how many', count, 50)
    .option('--follow', 'go on with new calls as they are made')
    .action(async (flags: LogFlags) => {
      await cli.withApp(async (app) => {
        const { followCalls, listRecentCalls } = await import('../app/logs.ts')
        const io = cli.io()
        const columns = columnsFor(io.isUtc)
        const { calls: rows, searchedBackTo } = await listRecentCalls(app, flags)
        if (!flags.follow) {
          await printList(io, { name: 'calls', rows, columns, empty: 'No call matches.' }, flags)
          if (searchedBackTo) say(io, searchedSome(searchedBackTo))
          return
        }
        const print = await openList(io, columns, flags)
        if (rows.length > 0) print(rows.toReversed()) // the newest stands where new ones come
        for await (const fresh of followCalls(app, flags)) print(fresh)
      })
    })
  withExamples(
    withListOutput(list),
    'caravan logs --service haier --outcome failed --since 2h',
    'caravan logs --text "token" --json',
    'caravan logs --follow',
  )

  const show = logs
    .command('show')
    .summary('Show one call as a timeline: requests, waits, decisions')
    .argument('<call>', 'id of the call, or its beginning')
    .action(async (id: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const call = await cli.withApp(async (app) => {
        const { showCall } = await import('../app/logs.ts')
        return showCall(app, id)
      })
      const { renderTimeline, timelineOf } = await import('./timeline.ts')
      const timeline = renderTimeline(timelineOf(call), io.columns - labelWidth, wrap)
      await printRecord(
        io,
        {
          data: call,
          lines: [
            ['call', call.id],
            ['service', `${call.service} (${call.adapter})`],
            ['operation', operationOf(call)],
            ['outcome', call.outcome],
            ['started', formatInstant(call.started_at, io.isUtc)],
            ['took', formatDuration(call.duration_ms ?? 0)],
            ['error', [call.error, call.error_kind, call.error_code].filter(Boolean).join(', ')],
            ['what to do', call.hint ?? ''],
            ['run', call.run_id ?? ''],
            ['correlation', call.correlation_id],
            ['timeline', timeline],
            ['delivery', renderDeliveries(call.deliveries, io.isUtc)],
            ['request', call.request ?? ''],
            ['response', call.response ?? ''],
          ],
        },
        flags,
      )
    })
  withExamples(withJson(show), 'caravan logs show 01JHB2V7')
}

/** Nobody is to take the calls found so far for all there are. */
const searchedSome = (backTo: string): string =>
  `Older calls were not searched. Go on with --until ${backTo}, or narrow it with --service or --since.`

/** What `printRecord` takes for the names of the lines: the longest is `correlation`. */
const labelWidth = 13

/** One name for it wherever people read it; `kind` and `operation` are two fields in JSON. */
export const operationOf = ({ kind, operation }: Pick<CallInfo, 'kind' | 'operation'>): string =>
  `${kind}.${operation}`

const columnsFor = (isUtc: boolean): Column<CallInfo>[] => [
  { title: 'CALL', text: (row) => row.id, narrow: (row) => shortId(row.id) },
  {
    title: 'STARTED',
    text: (row) => formatInstant(row.started_at, isUtc),
    narrow: (row) => formatShortInstant(row.started_at, isUtc),
  },
  { title: 'SERVICE', text: (row) => row.service },
  { title: 'OPERATION', text: operationOf },
  {
    title: 'OUTCOME',
    text: (row) => row.outcome,
    tone: (row) => (row.outcome === 'done' ? 'good' : row.outcome === 'failed' ? 'bad' : 'warn'),
  },
  {
    title: 'TOOK',
    text: (row) => formatDuration(row.duration_ms ?? 0),
    isNumber: true,
    drop: 1,
  },
  { title: 'TRIES', text: (row) => String(row.attempts), isNumber: true, drop: 2 },
  { title: 'ERROR', text: (row) => row.error ?? '', isOptional: true, shrink: 1 },
]
