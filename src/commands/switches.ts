import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { printRecord } from './output/print.ts'
import { formatInstant } from './output/time.ts'

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

type SwitchState = {
  service: string
  state: string
  why: string | null
  until: string | null
  changed: boolean
}

async function printSwitch(cli: Cli, state: SwitchState, flags: { json?: boolean }): Promise<void> {
  const io = cli.io()
  await printRecord(
    io,
    {
      data: state,
      lines: [
        ['service', state.service],
        ['state', state.changed ? state.state : `${state.state} (as before)`],
        ['why', state.why ?? ''],
        ['until', formatInstant(state.until, io.isUtc)],
      ],
    },
    flags,
  )
}
