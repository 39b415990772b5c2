import { type Command, Option } from 'commander'
import type { HookInfo } from '../app/answers/hooks.ts'
import type { HookQuery } from '../app/hooks/show.ts'
import type { Cli } from './cli.ts'
import { count, type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import type { Tone } from './output/colour.ts'
import { formatOf, printJson, printList, printRecord, say } from './output/print.ts'
import type { Column } from './output/table.ts'
import { formatInstant, formatShortInstant, shortId } from './output/time.ts'

export function registerHooks(program: Command, cli: Cli): void {
  const hooks = program.command('hooks').summary('Look at what vendors have told us by webhook')
  registerList(hooks, cli)
  registerShow(hooks, cli)
  registerReplay(hooks, cli)
  registerAddresses(hooks, cli)
}

function registerList(hooks: Command, cli: Cli): void {
  const list = hooks
    .command('list', { isDefault: true })
    .summary('List webhooks, the newest first')
    .option('--service <service>', 'only those of this service')
    .addOption(
      new Option('--status <status>', 'only those of this status').choices([
        'received',
        'handled',
        'failed',
      ]),
    )
    .option('--since <when>', 'from this time on: 2h, 3d, or 2026-11-21T08:00')
    .option('--limit <n>', 'how many', count, 50)
    .action(async (flags: OutputFlags & HookQuery) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { showHooks } = await import('../app/hooks/show.ts')
        return showHooks(app, flags)
      })
      const empty = 'No webhook matches.'
      await printList(io, { name: 'hooks', rows, columns: columnsFor(io.isUtc), empty }, flags)
    })
  withExamples(
    withListOutput(list),
    'caravan hooks',
    'caravan hooks list --service haier --status failed --since 2d --json',
  )
}

function registerShow(hooks: Command, cli: Cli): void {
  const show = hooks
    .command('show')
    .summary('Show one webhook, and what handling it did')
    .argument('<hook>', 'id of the webhook, or its beginning')
    .action(async (id: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const hook = await cli.withApp(async (app) => {
        const { showHook } = await import('../app/hooks/show.ts')
        return showHook(app, id)
      })
      const at = (instant: string | null) => formatInstant(instant, io.isUtc)
      await printRecord(
        io,
        {
          data: hook,
          lines: [
            ['webhook', hook.id],
            ['service', hook.service],
            ['type', hook.type],
            ["vendor's id", hook.event_id],
            ['status', hook.status],
            ['happened', at(hook.at)],
            ['received', at(hook.received_at)],
            ['repeats', String(hook.repeats)],
            ['handled', at(hook.handled_at)],
            ['tries', String(hook.tries)],
            ['next try', at(hook.next_at)],
            ['outcome', hook.outcome ?? ''],
            ['error', hook.error ?? ''],
            ['data', JSON.stringify(hook.data, null, 2)],
          ],
        },
        flags,
      )
    })
  withExamples(withJson(show), 'caravan hooks show 01JHB2V7')
}

function registerReplay(hooks: Command, cli: Cli): void {
  const replay = hooks
    .command('replay')
    .summary('Handle webhooks once more')
    .description(
      'Handles webhooks once more, whatever became of them. What they have changed already they do not change again.',
    )
    .argument('<hook...>', 'ids of webhooks, or their beginnings')
    .action(async (ids: string[], flags: { json?: boolean }) => {
      const io = cli.io()
      const report = await cli.withApp(async (app) => {
        const { replayHooks } = await import('../app/hooks/show.ts')
        return replayHooks(app, ids)
      })
      if (flags.json) printJson(io, report)
      else {
        for (const { id, status, replay: said } of report.hooks)
          say(io, `${id}: ${status}: ${said}`)
      }
      const left = report.hooks.filter(({ status }) => status !== 'handled')
      if (left.length > 0) cli.exit(left.length < report.hooks.length ? 'partial' : 'failed')
    })
  withExamples(withJson(replay), 'caravan hooks replay 01JHB2V7')
}

function registerAddresses(hooks: Command, cli: Cli): void {
  const addresses = hooks
    .command('addresses')
    .summary('List what vendors are to be told: the path of each service')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { hookAddresses } = await import('../app/hooks/show.ts')
        return hookAddresses(app)
      })
      await printList(
        io,
        {
          name: 'addresses',
          rows,
          columns: [
            { title: 'SERVICE', text: (row) => row.service, tone: () => 'strong' },
            { title: 'ADAPTER', text: (row) => row.adapter },
            { title: 'PATH', text: (row) => row.path },
            {
              title: 'PROOF',
              text: (row) => row.proof,
              tone: (row) => (row.proof === 'none' ? 'warn' : undefined),
            },
            { title: 'FROM', text: (row) => row.allow_from?.join(', ') ?? 'anywhere', shrink: 1 },
          ],
          empty: 'No service has a vendor that sends webhooks.',
        },
        flags,
      )
      const isOpen = rows.some((row) => row.proof === 'none' && row.allow_from === null)
      if (isOpen && formatOf(flags) === 'table') say(io, openWords)
    })
  withExamples(withListOutput(addresses), 'caravan hooks addresses')
}

const openWords =
  'A vendor that signs nothing is believed about messages alone that were sent from here. Name its addresses under ' +
  'hooks.allow_from of the service where it publishes them.'

const tones: Record<HookInfo['status'], Tone> = { received: 'warn', handled: 'good', failed: 'bad' }

const columnsFor = (isUtc: boolean): Column<HookInfo>[] => [
  { title: 'WEBHOOK', text: (row) => row.id, narrow: (row) => shortId(row.id) },
  {
    title: 'RECEIVED',
    text: (row) => formatInstant(row.received_at, isUtc),
    narrow: (row) => formatShortInstant(row.received_at, isUtc),
  },
  { title: 'SERVICE', text: (row) => row.service },
  { title: 'TYPE', text: (row) => row.type, drop: 3 },
  { title: 'STATUS', text: (row) => row.status, tone: (row) => tones[row.status] },
  { title: 'REPEATS', text: (row) => String(row.repeats), isNumber: true, drop: 2 },
  {
    title: 'NEXT TRY',
    text: (row) => formatInstant(row.next_at, isUtc),
    narrow: (row) => formatShortInstant(row.next_at, isUtc),
    isOptional: true,
    drop: 1,
  },
  { title: 'OUTCOME', text: (row) => row.error ?? row.outcome ?? '', isOptional: true, shrink: 1 },
]
