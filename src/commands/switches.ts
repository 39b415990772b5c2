import type { Command } from 'commander'
import type { SwitchResult } from '../app/answers/services.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { printRecord } from './output/print.ts'
import { formatInstant } from './output/time.ts'
import { describeWhy } from './output/why.ts'

type DisableFlags = { reason?: string; for?: string; json?: boolean }

export function registerSwitches(program: Command, cli: Cli): void {
  const disable = program
    .command('disable')
    .summary('Switch a service off, for every process, at once')
    .argument('<service>', 'name of the service')
    .option('--reason <text>', 'why, for those who see it in "caravan list"')
    .option('--for <duration>', 'switch it on again after this time, such as 2h')
    .action(async (name: string, flags: DisableFlags) => {
      await cli.withApp(async (app) => {
        const { disableService } = await import('../app/switches.ts')
        await printSwitch(cli, await disableService(app, name, flags), flags)
      })
    })
  withExamples(withJson(disable), 'caravan disable haier --reason "wrong prices" --for 2h')

  const enable = program
    .command('enable')
    .summary('Switch a service on again')
    .argument('<service>', 'name of the service')
    .action(async (name: string, flags: { json?: boolean }) => {
      await cli.withApp(async (app) => {
        const { enableService } = await import('../app/switches.ts')
        await printSwitch(cli, await enableService(app, name), flags)
      })
    })
  withExamples(withJson(enable), 'caravan enable haier')
}

async function printSwitch(
  cli: Cli,
  result: SwitchResult,
  flags: { json?: boolean },
): Promise<void> {
  const io = cli.io()
  const at = (instant: string | null) => formatInstant(instant, io.isUtc)
  await printRecord(
    io,
    {
      data: result,
      lines: [
        ['service', result.service],
        ['state', result.changed ? result.state : `${result.state} (as before)`],
        ['by', result.switched_by ? `${result.switched_by}, ${at(result.switched_at)}` : ''],
        ['reason', result.reason ?? ''],
        ['until', result.switched_by ? at(result.until) || 'somebody enables it' : ''],
        ['wish', result.wish === 'disabled' ? 'disabled in the config too' : ''],
        [result.switched_by ? 'replaced' : 'lifted', describeFormer(result, io.isUtc)],
        [
          'config',
          result.config_line === null
            ? ''
            : `the file disabled it: "enabled" is true now, in line ${result.config_line}`,
        ],
      ],
    },
    flags,
  )
}

const describeFormer = ({ state, replaced }: SwitchResult, isUtc: boolean): string =>
  replaced ? describeWhy({ state, why: null, ...replaced }, isUtc) : ''
