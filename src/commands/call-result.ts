import type { Command } from 'commander'
import type { CallState } from '../app/answers/queue.ts'
import type { Exit } from '../core/exit-codes.ts'
import type { Cli } from './cli.ts'
import { renderDeliveries } from './deliveries.ts'
import { withExamples, withJson } from './flags.ts'
import { printRecord, say } from './output/print.ts'
import { formatInstant } from './output/time.ts'

const exits: Record<CallState['status'], Exit> = {
  pending: 'pending',
  done: 'done',
  partial: 'partial',
  failed: 'failed',
  unknown: 'unsettled',
  dropped: 'failed',
}

/** Adds `result` to `call`. */
export function registerCallResult(call: Command, cli: Cli): void {
  const result = call
    .command('result')
    .summary('Tell what became of a call, by its id')
    .argument('<call>', 'id of the call, or its beginning')
    .option('--wait <duration>', 'wait for its end, at most so long, such as 30s')
    .action(async (id: string, _own: unknown, command: Command) => {
      // "call" itself knows --json too, and takes it wherever it stands.
      const flags = command.optsWithGlobals<{ wait?: string; json?: boolean }>()
      const io = cli.io()
      const state = await cli.withApp(async (app) => {
        const { readDurationFlag } = await import('../app/duration-flag.ts')
        const waitMs = flags.wait === undefined ? 0 : readDurationFlag('--wait', flags.wait)
        const { resultOf } = await import('../app/call-result.ts')
        return resultOf(app, id, { waitMs })
      })
      const at = (instant: string | null) => formatInstant(instant, io.isUtc)
      const { error } = state
      await printRecord(
        io,
        {
          data: state,
          lines: [
            ['call', state.id],
            ['operation', state.operation],
            ['status', state.status],
            ['service', state.service ?? ''],
            ['accepted', at(state.created_at)],
            ['ended', at(state.finished_at)],
            ['next try', at(state.next_at)],
            ['not after', state.finished_at === null ? at(state.deadline_at) : ''],
            ['tries', String(state.tries)],
            ['answer', state.output === null ? '' : JSON.stringify(state.output, null, 2)],
            ['delivery', renderDeliveries(state.deliveries, io.isUtc)],
            [error && state.status === 'pending' ? 'last try' : 'error', describe(error)],
            ['what to do', error?.hint ?? ''],
          ],
        },
        flags,
      )
      if (state.status === 'pending') say(io, 'It has not ended yet.')
      if (state.status === 'unknown') say(io, unknownWords(state.id))
      cli.exit(exits[state.status])
    })
  withExamples(
    withJson(result),
    'caravan call result 01JHB2V7',
    'caravan call result 01JHB2V7 --wait 1s --json',
  )
}

/** An outcome that nobody knows is a question to a person, and this is where it is answered. */
const unknownWords = (id: string): string =>
  `It may have been done, and nothing is repeated. Ask the vendor with "caravan queue settle ${id}", or say what you found ` +
  'out with --sent or --not-sent.'

const describe = (error: CallState['error']): string =>
  error ? [error.message, error.kind, error.code].filter(Boolean).join(', ') : ''
