import { type Command, Option } from 'commander'
import { CaravanError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { printRecord, say } from './output/print.ts'

/** Adds `settle` to `queue`. */
export function registerSettle(queue: Command, cli: Cli): void {
  const settle = queue
    .command('settle')
    .summary('Find out what became of a call that is unknown: ask the vendor, or say it')
    .argument('<call>', 'id of the call, or its beginning')
    .addOption(new Option('--sent', 'it was done: this was found out').conflicts('notSent'))
    .option('--not-sent', 'it was not done: this was found out, so it may be put back')
    .option('--reason <text>', 'how it was found out, for those who look for the call')
    .action(async (id: string, flags: SettleFlags) => {
      const io = cli.io()
      const { sent, notSent, reason } = flags
      if (reason !== undefined && !sent && !notSent) throw nothingDecided()
      const call = await cli.withApp(async (app) => {
        const { settleQueued } = await import('../app/queue-settle.ts')
        const { operatorName } = await import('../app/operator.ts')
        const decision = { isSent: sent === true, by: operatorName(app.env), reason }
        return settleQueued(app, id, sent || notSent ? decision : undefined)
      })
      await printRecord(
        io,
        {
          data: call,
          lines: [
            ['call', call.id],
            ['operation', call.operation],
            ['service', call.service ?? ''],
            ['status', call.status],
          ],
        },
        flags,
      )
      if (call.status === 'unknown') {
        say(io, `! The vendor cannot say. Look in its console, then add --sent or --not-sent.`)
      }
      if (call.status === 'failed') {
        say(io, `It was not done. To send it after all: caravan queue retry ${call.id}`)
      }
      cli.exit(call.status === 'unknown' ? 'unsettled' : 'done')
    })
  withExamples(
    withJson(settle),
    'caravan queue settle 01JHB2V7',
    'caravan queue settle 01JHB2V7 --not-sent --reason "not in its console"',
  )
}

type SettleFlags = { sent?: boolean; notSent?: boolean; reason?: string; json?: boolean }

const nothingDecided = (): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: '--reason says why something was decided, and nothing was',
    hint: 'Add --sent or --not-sent; or leave it out to have the vendor asked.',
  })
