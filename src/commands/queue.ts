import { type Command, Option } from 'commander'
import type { ChangedQueue, QueuedCall, SentCall } from '../app/answers/queue.ts'
import { CaravanError } from '../core/errors.ts'
import type { Exit } from '../core/exit-codes.ts'
import { counted } from '../core/words.ts'
import type { Cli } from './cli.ts'
import { renderDeliveries } from './deliveries.ts'
import { count, type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import type { Tone } from './output/colour.ts'
import type { Io } from './output/io.ts'
import { formatOf, printJson, printList, printRecord, say } from './output/print.ts'
import { consent } from './output/prompt.ts'
import type { Column } from './output/table.ts'
import { formatInstant, formatShortInstant, shortId } from './output/time.ts'
import { registerSettle } from './queue-settle.ts'

type Status = QueuedCall['status']

const statuses = [
  'waiting',
  'sending',
  'done',
  'partial',
  'failed',
  'unknown',
  'dead',
  'dropped',
] as const satisfies readonly Status[]

type ListFlags = OutputFlags & {
  dead?: boolean
  all?: boolean
  status?: Status
  operation?: string
  limit: number
}

export function registerQueue(program: Command, cli: Cli): void {
  const queue = program.command('queue').summary('Look after the calls that wait to be sent')
  registerList(queue, cli)
  registerShow(queue, cli)
  registerRetry(queue, cli)
  registerDrop(queue, cli)
  registerSettle(queue, cli)
  registerSend(queue, cli)
}

function registerList(queue: Command, cli: Cli): void {
  const list = queue
    .command('list', { isDefault: true })
    .summary('List what waits, and what a person should look at')
    .option('--dead', 'only what could not be sent: dead letters and failures')
    .option('--all', 'those that are done too')
    .addOption(new Option('--status <status>', 'only calls that stand so').choices(statuses))
    .option('--operation <name>', 'only this operation, such as sms.send')
    .option('--limit <n>', 'how many, the newest of them', count, 50)
    .action(async (flags: ListFlags) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { listQueue } = await import('../app/queue.ts')
        const { operation, limit } = flags
        return listQueue(app, { statuses: statusesOf(flags), operation, limit })
      })
      const empty = 'Nothing waits, and nothing needs a person.'
      await printList(io, { name: 'calls', rows, columns: columnsFor(io.isUtc), empty }, flags)
    })
  withExamples(
    withListOutput(list),
    'caravan queue',
    'caravan queue --dead',
    'caravan queue list --status unknown --json',
  )
}

function statusesOf({ dead, all, status }: ListFlags): readonly Status[] | undefined {
  if ([dead, all, status !== undefined].filter(Boolean).length > 1) {
    throw new CaravanError({
      code: 'usage',
      message: '--dead, --all and --status exclude each other',
      hint: 'Give one of them.',
    })
  }
  if (status) return [status]
  if (dead) return ['dead', 'failed']
  return all ? statuses : undefined
}

function registerShow(queue: Command, cli: Cli): void {
  const show = queue
    .command('show')
    .summary('Show one call of the queue')
    .argument('<call>', 'id of the call, or its beginning')
    .action(async (id: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const call = await cli.withApp(async (app) => {
        const { showQueued } = await import('../app/queue.ts')
        return showQueued(app, id)
      })
      const at = (instant: string | null) => formatInstant(instant, io.isUtc)
      const { failure } = call
      await printRecord(
        io,
        {
          data: call,
          lines: [
            ['call', call.id],
            ['operation', `${call.operation} (${call.effect})`],
            ['status', call.status],
            ['wanted of', call.service ?? 'any service of the kind'],
            ['asked last', call.served_by ?? ''],
            ['sent by', call.sender ?? ''],
            ['accepted', `${at(call.created_at)} by ${call.created_by}`],
            ['tries', `${call.tries}, ${requestsOf(call)}`],
            ['next try', at(call.next_at)],
            ['waits behind', call.behind === null ? '' : `${call.behind}, to the same recipient`],
            ['not after', at(call.deadline_at)],
            ['ended', at(call.finished_at)],
            ['settled', call.settled ?? ''],
            ['delivery', renderDeliveries(call.deliveries, io.isUtc)],
            ['error', failure ? [failure.message, failure.kind].join(', ') : ''],
            ['what to do', failure?.hint ?? ''],
            ['key', call.idempotency_key],
            ['run', call.run_id ?? ''],
            ['correlation', call.correlation_id],
            ['input', call.input ?? ''],
          ],
        },
        flags,
      )
    })
  withExamples(withJson(show), 'caravan queue show 01JHB2V7')
}

/** Requests are counted when a try ends; one that was killed in between may have sent some. */
const requestsOf = ({ status, exchanges }: { status: string; exchanges: number }): string =>
  status === 'unknown' && exchanges === 0
    ? 'and nobody knows whether a request left'
    : counted(exchanges, 'request')

function registerRetry(queue: Command, cli: Cli): void {
  const retry = queue
    .command('retry')
    .summary('Put calls back that could not be sent, with their keys')
    .argument('[call...]', 'ids of the calls, or their beginnings')
    .option('--all-dead', 'every dead letter and every failure that can be sent again')
    .option('--yes', 'agree to what may be done a second time by that')
    .action(async (ids: string[], flags: { allDead?: boolean; yes?: boolean; json?: boolean }) => {
      const io = cli.io()
      if (ids.length === 0 && !flags.allDead) throw noneNamed('retry', ' or --all-dead')
      const changed = await cli.withApp(async (app) => {
        const { planRetry, retryQueued } = await import('../app/queue.ts')
        const plan = await planRetry(app, ids, flags)
        const [first] = plan.doubtful
        if (first !== undefined) {
          const which = plan.doubtful.length === 1 ? first : `${plan.doubtful.length} calls`
          const may = `${which} may have been done already, and the vendor does not drop duplicates`
          await consent(io, `${may}. Send again?`, flags.yes, '--yes')
        }
        return retryQueued(app, plan)
      })
      tell(io, changed, flags, 'put back; "caravan queue send" sends what is due')
    })
  withExamples(withJson(retry), 'caravan queue retry 01JHB2V7', 'caravan queue retry --all-dead')
}

function registerDrop(queue: Command, cli: Cli): void {
  const drop = queue
    .command('drop')
    .summary('Take calls out for good: they are not sent any more')
    .argument('[call...]', 'ids of the calls, or their beginnings')
    .option('--reason <text>', 'why, for those who look for them')
    .option('--yes', 'do it without asking')
    .action(async (ids: string[], flags: { reason?: string; yes?: boolean; json?: boolean }) => {
      const io = cli.io()
      if (ids.length === 0) throw noneNamed('drop', '')
      const reason = flags.reason?.trim()
      if (!reason) throw noReason()
      const changed = await cli.withApp(async (app) => {
        const { dropQueued, planDrop } = await import('../app/queue.ts')
        const rows = await planDrop(app, ids)
        const what = rows.map((row) => `${row.kind}.${row.operation} ${row.id}`).join(', ')
        await consent(io, `Drop ${what}?`, flags.yes, '--yes')
        const { operatorName } = await import('../app/operator.ts')
        return dropQueued(app, rows, { by: operatorName(app.env), reason })
      })
      tell(io, changed, flags, 'dropped')
    })
  withExamples(withJson(drop), 'caravan queue drop 01JHB2V7 --reason "sent by hand" --yes')
}

function registerSend(queue: Command, cli: Cli): void {
  const send = queue
    .command('send')
    .summary('Send what is due now, or the calls that are named, and tell what became of each')
    .argument('[call...]', 'ids of calls that wait, or their beginnings: they are sent at once')
    .action(async (ids: string[], flags: { json?: boolean }) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { sendDue } = await import('../app/queue-send.ts')
        return sendDue(app, { ids })
      })
      const columns = sentColumns(io.isUtc)
      await printList(io, { name: 'calls', rows, columns, empty: 'Nothing is due.' }, flags)
      cli.exit(exitOf(rows))
    })
  withExamples(withJson(send), 'caravan queue send', 'caravan queue send 01JHB2V7 --json')
}

/** The worst of what happened: in doubt, then failed, then not yet. */
function exitOf(rows: readonly SentCall[]): Exit {
  const any = (...some: Status[]) => rows.some(({ status }) => some.includes(status))
  if (any('unknown', 'sending')) return 'unsettled'
  if (any('failed', 'partial')) return any('done', 'partial') ? 'partial' : 'failed'
  return any('waiting') ? 'temporary' : 'done'
}

function tell(io: Io, { calls }: ChangedQueue, flags: OutputFlags, what: string): void {
  if (formatOf(flags) !== 'table') return printJson(io, { calls })
  say(
    io,
    calls.length === 0
      ? 'There is nothing to put back.'
      : `${counted(calls.length, 'call')} ${what}.`,
  )
}

const noneNamed = (command: string, else_: string): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: 'no call was named',
    hint: `Name the calls by their ids${else_}: caravan queue ${command} <call>. They are listed by "caravan queue".`,
  })

const noReason = (): CaravanError =>
  new CaravanError({
    code: 'value_missing',
    message: 'no reason was given',
    hint: 'Say why with --reason; whoever looks for the call will want to know.',
  })

const tones: Partial<Record<Status, Tone>> = {
  done: 'good',
  partial: 'warn',
  failed: 'bad',
  dead: 'bad',
  unknown: 'warn',
}

const columnsFor = (isUtc: boolean): Column<QueuedCall>[] => [
  { title: 'CALL', text: (row) => row.id, narrow: (row) => shortId(row.id) },
  { title: 'OPERATION', text: (row) => row.operation },
  { title: 'STATUS', text: (row) => row.status, tone: (row) => tones[row.status] },
  { title: 'TO', text: (row) => row.recipients, isOptional: true, shrink: 2, drop: 3 },
  {
    title: 'SERVICE',
    text: (row) => row.served_by ?? row.service ?? '',
    isOptional: true,
    shrink: 3,
    drop: 5,
  },
  {
    title: 'ACCEPTED',
    text: (row) => formatInstant(row.created_at, isUtc),
    narrow: (row) => formatShortInstant(row.created_at, isUtc),
    drop: 2,
  },
  {
    title: 'NEXT TRY',
    text: (row) => formatInstant(row.next_at, isUtc),
    narrow: (row) => formatShortInstant(row.next_at, isUtc),
    isOptional: true,
  },
  {
    title: 'BEHIND',
    text: (row) => row.behind ?? '',
    narrow: (row) => (row.behind === null ? '' : shortId(row.behind)),
    isOptional: true,
  },
  { title: 'TRIES', text: (row) => String(row.tries), isNumber: true, drop: 4 },
  { title: 'ERROR', text: (row) => row.error ?? '', isOptional: true, shrink: 1, drop: 1 },
]

const sentColumns = (isUtc: boolean): Column<SentCall>[] => [
  { title: 'CALL', text: (row) => row.id, narrow: (row) => shortId(row.id) },
  { title: 'OPERATION', text: (row) => row.operation },
  { title: 'STATUS', text: (row) => row.status, tone: (row) => tones[row.status] },
  { title: 'SERVICE', text: (row) => row.service ?? '', isOptional: true },
  {
    title: 'NEXT TRY',
    text: (row) => formatInstant(row.next_at, isUtc),
    narrow: (row) => formatShortInstant(row.next_at, isUtc),
    isOptional: true,
  },
  { title: 'ERROR', text: (row) => row.error ?? '', isOptional: true, shrink: 1 },
]
