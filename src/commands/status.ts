import type { Command } from 'commander'
import type { Status } from '../app/answers/project.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { paintFor } from './output/colour.ts'
import { printJson } from './output/print.ts'
import { faultsLine, sayFaults } from './say-faults.ts'

type Flags = { json?: boolean; watch?: boolean; every?: string }

type Seen = { status: Status; faults: number }

export function registerStatus(program: Command, cli: Cli): void {
  const command = program
    .command('status')
    .summary('One screen: services, jobs, daemon, alerts, size of the state')
    .option('--watch', 'draw it again and again in the same place, until Ctrl-C')
    .option('--every <duration>', 'with --watch: how often, such as 10s (default: 2s)')
    .action(async (flags: Flags) => {
      if (flags.watch || flags.every !== undefined) return watchStatus(cli, flags)
      const io = cli.io()
      const seen = await readNow(cli)
      if (flags.json) printJson(io, seen.status)
      else io.out(await draw(cli, seen))
      sayFaults(io, seen.faults)
    })
  withExamples(
    withJson(command),
    'caravan status',
    'caravan status --json',
    'caravan status --watch --every 10s',
  )
}

const readNow = (cli: Cli): Promise<Seen> =>
  cli.withApp(async (app) => {
    const { readStatus } = await import('../app/status.ts')
    return { status: await readStatus(app), faults: (await app.overview()).faults }
  })

/** For the terminal as wide as it is now. */
async function draw(cli: Cli, { status }: Seen): Promise<string> {
  const { renderStatus } = await import('./status-screen.ts')
  const io = cli.io()
  const { columns: width, isUtc } = io
  return renderStatus(status, { width, isUtc, paint: await paintFor(io), now: cli.clock.now() })
}

async function watchStatus(cli: Cli, flags: Flags): Promise<void> {
  const { requireScreen, watchScreen } = await import('./output/watch.ts')
  requireScreen(cli.io(), flags)
  const { readDurationFlag } = await import('../app/duration-flag.ts')
  const everyMs = readDurationFlag('--every', flags.every ?? '2s')
  await watchScreen<Seen>(cli, {
    title: 'caravan status',
    everyMs,
    read: () => readNow(cli),
    draw: async (seen) => (await draw(cli, seen)) + faultsLine(seen.faults),
  })
}
