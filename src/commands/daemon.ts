import { type Command, Option } from 'commander'
import { exitOf, messageOf } from '../core/errors.ts'
import type { LogFormat, LogLevel } from '../daemon/log.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { type Paint, paintFor, type Tone } from './output/colour.ts'
import { filesExhausted } from './output/errors.ts'
import { ClosedPipe, type Io } from './output/io.ts'
import { printRecord, say } from './output/print.ts'
import { formatAge, formatDuration, formatInstant } from './output/time.ts'
import { wrap } from './output/wrap.ts'

type Flags = {
  grace?: string
  logLevel?: LogLevel
  logFormat?: LogFormat
  printUnit?: boolean
  check?: boolean
  ping?: boolean
  json?: boolean
}

export function registerDaemon(program: Command, cli: Cli): void {
  const command = program
    .command('daemon')
    .summary('Run the jobs of the file, send what is queued, watch and tell, until it is stopped')
    .option('--grace <duration>', 'how long what is under way may take to end (default: 30s)')
    .addOption(
      new Option('--log-level <level>', 'the least that is logged (default: info)').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .addOption(
      new Option(
        '--log-format <format>',
        'how to log (default: text on a terminal, else json)',
      ).choices(['text', 'json']),
    )
    .addOption(
      new Option(
        '--print-unit',
        'print a systemd unit for this project, and start nothing',
      ).conflicts(['check', 'ping']),
    )
    .addOption(
      new Option('--check', 'say what it would start with, and start nothing').conflicts('ping'),
    )
    .option('--ping', 'say whether the daemon of this project is at work, for health checks')
    .action(async (flags: Flags) => {
      if (flags.printUnit) return printUnit(cli)
      if (flags.check) return check(cli, flags)
      if (flags.ping) return ping(cli, flags)
      await run(cli, flags)
    })
  withExamples(
    withJson(command),
    'caravan daemon --check',
    'caravan daemon --print-unit',
    'caravan daemon --ping',
  )
}

/** Long enough to close the state; what hangs after that is not worth waiting for. */
const closingMs = 5000

async function run(cli: Cli, flags: Flags): Promise<void> {
  const io = cli.io()
  const { createLog } = await import('../daemon/log.ts')
  const { readDurationFlag } = await import('../app/duration-flag.ts')
  const graceMs = flags.grace ? readDurationFlag('--grace', flags.grace) : 30_000
  const paint = await paintFor({ isColoured: io.isErrColoured })
  const format = flags.logFormat ?? (io.errColumns === Infinity ? 'json' : 'text')
  const log = createLog({
    level: flags.logLevel ?? (io.isQuiet ? 'warn' : 'info'),
    format,
    clock: cli.clock,
    write: io.err,
    instant: (at) => formatInstant(at.toISOString(), io.isUtc),
    paint: (level, text) => paintLevel(paint, level, text),
    fit: (line) => wrap(line, io.errColumns, '    ').join('\n'),
  })
  const [leave, hurry] = [new AbortController(), new AbortController()]
  const running = cli.withApp(
    async (app) => {
      const { runDaemon } = await import('../daemon/daemon.ts')
      const { signal, onHangup } = cli
      cli.onSecondSignal(() => hurry.abort('asked again'))
      try {
        await runDaemon({ app, log, signal, hurry: hurry.signal, leave, graceMs, onHangup })
      } finally {
        cli.leaveWithin(closingMs)
      }
    },
    { signal: leave.signal, onWarning: (text, name) => log.warn(text, { name }) },
  )
  await running.catch((error: unknown) => {
    // Whoever reads objects reads why it did not start as one, too.
    if (format === 'text' || isNoFault(error)) throw error
    const told = filesExhausted(error)
    log.error(`the daemon ends: ${messageOf(told)}`, { error: told })
    cli.exit(exitOf(told))
  })
}

const isNoFault = (error: unknown): boolean =>
  error instanceof ClosedPipe || (error instanceof Error && error.name === 'AbortError')

const tones: Partial<Record<LogLevel, Tone>> = { debug: 'dim', warn: 'warn', error: 'bad' }

function paintLevel(paint: Paint, level: LogLevel, text: string): string {
  const tone = tones[level]
  return tone ? paint(tone, text) : text
}

async function printUnit(cli: Cli): Promise<void> {
  const io = cli.io()
  const { unitOf } = await import('../daemon/unit.ts')
  const { text, words } = await cli.withApp((app) => unitOf(app))
  io.out(text)
  for (const word of words) say(io, word)
}

async function check(cli: Cli, flags: Flags): Promise<void> {
  const report = await cli.withApp(async (app) => {
    const { checkDaemon } = await import('../daemon/check.ts')
    return checkDaemon(app)
  })
  if (report.faults.length > 0) cli.exit('finding')
  const lines = [
    ['config', report.config],
    ['state', report.state],
    ['key', report.key ?? 'none is needed: no secret is stored'],
    ['listens at', report.listens_at ?? 'nothing: "listen" is left out'],
    ['services', String(report.services)],
    ['jobs', report.jobs.map(({ job, schedule }) => `${job}  ${schedule}`).join('\n') || 'none'],
    ['cannot be used', report.faults.join('\n')],
  ] as const
  await printRecord(cli.io(), { data: report, lines }, flags)
}

async function ping(cli: Cli, flags: Flags): Promise<void> {
  const io: Io = cli.io()
  const found = await cli.withApp(async (app) => {
    const { pingDaemon } = await import('../daemon/ping.ts')
    return pingDaemon(app)
  })
  const lines = [
    ['daemon', `at work for ${formatDuration(found.up_ms)}`],
    ['process', `${found.pid} on ${found.host}`],
    ['scheduler', `looked ${formatAge(found.ticked_at, cli.clock.now())}`],
    ['listens at', found.listen_error ?? found.listens_at ?? ''],
    ['config', found.config_error ?? 'in force as it stands'],
  ] as const
  await printRecord(io, { data: found, lines }, flags)
}
