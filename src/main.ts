/** The program: finds the command, runs it, prints what went wrong and sets the exit code. */
import { Command, CommanderError } from 'commander'
import type { App } from './app/app.ts'
import { registerCommands } from './commands/index.ts'
import { paintFor } from './commands/output/colour.ts'
import { renderCauses, renderError } from './commands/output/errors.ts'
import { type GlobalFlags, type Io, processIo } from './commands/output/io.ts'
import { systemClock } from './core/clock.ts'
import { exitOf } from './core/errors.ts'
import { type Exit, exitCodes } from './core/exit-codes.ts'
import { version } from './version.ts'

export async function main(words: readonly string[]): Promise<void> {
  const program = new Command('caravan')
  program
    .description('Carries data and calls between a business and its outside services')
    .version(version)
    .option('--config <file>', 'config file (default: found as "caravan config check" tells)')
    .option('--no-color', 'no colours')
    .option('--no-input', 'never ask; a missing value is an error')
    .option('-q, --quiet', 'no words about the work, only results and errors')
    .option('--utc', 'show times in UTC')
    .option('--debug', 'show where a fault happened')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showSuggestionAfterError()
    .exitOverride()
  const stop = watchSignals()
  const cli = {
    io: () => processIo(program.opts<GlobalFlags>()),
    clock: systemClock,
    signal: stop.signal,
    exit: (exit: Exit) => void (process.exitCode = exitCodes[exit].code),
    withApp: async <T>(use: (app: App) => Promise<T>): Promise<T> => {
      const { openApp } = await import('./app/app.ts')
      const { config } = program.opts<GlobalFlags>()
      const app = openApp({
        configFlag: config,
        env: process.env,
        cwd: process.cwd(),
        clock: systemClock,
        signal: stop.signal,
      })
      try {
        return await use(app)
      } finally {
        await app.close()
      }
    },
  }
  registerCommands(program, cli)
  ignoreClosedPipes()
  try {
    await program.parseAsync([...words], { from: 'user' })
  } catch (error) {
    process.exitCode = await report(error, cli.io(), program.opts<GlobalFlags>())
  }
  if (stop.signal.aborted) process.exitCode = stop.exitCode()
}

async function report(error: unknown, io: Io, flags: GlobalFlags): Promise<number> {
  if (error instanceof CommanderError) {
    // Commander has printed it already; help and version are no failures.
    return error.exitCode === 0 ? exitCodes.done.code : exitCodes.usage.code
  }
  io.err(renderError(error, await paintFor({ isColoured: io.isColoured && process.stderr.isTTY })))
  if (flags.debug) io.err(renderCauses(error))
  return exitCodes[exitOf(error)].code
}

/** The first signal asks the work to stop at its next checkpoint; a second one ends the process at once. */
function watchSignals(): { signal: AbortSignal; exitCode(): number } {
  const controller = new AbortController()
  let exit: Exit = 'interrupted'
  const watch = (name: NodeJS.Signals, means: Exit) =>
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCodes[means].code)
      exit = means
      controller.abort()
    })
  watch('SIGINT', 'interrupted')
  watch('SIGTERM', 'terminated')
  return { signal: controller.signal, exitCode: () => exitCodes[exit].code }
}

/** `caravan logs | head` closes the pipe early; that is no fault of ours or of the operator's. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(exitCodes.done.code)
    })
  }
}
