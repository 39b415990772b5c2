/** The program: finds the command, runs it, prints what went wrong and sets the exit code. */
import { Command, CommanderError } from 'commander'
import type { App, AppOptions } from './app/app.ts'
import { refuseEmptyFlags } from './commands/empty-values.ts'
import { spellHelp } from './commands/help.ts'
import { registerCommands, termOf } from './commands/index.ts'
import { paintFor } from './commands/output/colour.ts'
import { filesExhausted, renderCauses, renderError } from './commands/output/errors.ts'
import {
  ClosedPipe,
  type GlobalFlags,
  type Io,
  isPaging,
  processIo,
  watchPipes,
} from './commands/output/io.ts'
import { askedOf, commandNamed, isHelp, usageError } from './commands/output/usage.ts'
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
    .option('--no-pager', 'print long results at once, without $CARAVAN_PAGER, $PAGER or less')
    .option('--debug', 'show where a fault happened')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false, subcommandTerm: termOf })
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
  const stop = watchSignals()
  const cli = {
    io: () => processIo(program.opts<GlobalFlags>(), stop.signal),
    clock: systemClock,
    signal: stop.signal,
    exit: (exit: Exit) => void (process.exitCode = exitCodes[exit].code),
    onHangup: (listener: () => void) => void process.on('SIGHUP', listener),
    onSecondSignal: stop.onSecond,
    leaveWithin: stop.leaveWithin,
    withApp: async <T>(
      use: (app: App) => Promise<T>,
      changes: Partial<AppOptions> = {},
    ): Promise<T> => {
      const { openApp } = await import('./app/app.ts')
      const { config } = program.opts<GlobalFlags>()
      const app = openApp({
        configFlag: config,
        command: commandNamed(program, words),
        env: process.env,
        cwd: process.cwd(),
        clock: systemClock,
        signal: stop.signal,
        askPassphrase: async (question) => {
          const { askPassphrase } = await import('./commands/output/passphrase.ts')
          return askPassphrase(cli.io(), question)
        },
        ...changes,
      })
      try {
        return await use(app)
      } finally {
        await app.close()
      }
    },
  }
  registerCommands(program, cli)
  refuseEmptyFlags(program)
  watchPipes()
  if (words[0] === '__complete') {
    const { printCandidates } = await import('./commands/complete/index.ts')
    return printCandidates(program, cli, words.slice(1)).catch(() => undefined)
  }
  try {
    await program.parseAsync([...spellHelp(program, words)], { from: 'user' })
  } catch (error) {
    await report(error, cli.io(), { program, words, isStopped: stop.signal.aborted })
  }
  if (stop.signal.aborted) process.exitCode = stop.exitCode()
  stop.leaveNow()
}

type Asked = { program: Command; words: readonly string[]; isStopped: boolean }

/** Prints a failure and sets the exit code. */
async function report(error: unknown, io: Io, { program, words, isStopped }: Asked): Promise<void> {
  if (error instanceof ClosedPipe) return
  if (error instanceof CommanderError && isHelp(error)) {
    process.exitCode = exitCodes[error.exitCode === 0 ? 'done' : 'usage'].code
    return
  }
  // Ctrl-C at a prompt, where it is a key and no signal.
  if (error instanceof Error && error.name === 'ExitPromptError') {
    io.err('\nStopped; nothing was changed.\n')
    process.exitCode = exitCodes.interrupted.code
    return
  }
  // Asked to stop in the middle of what is undone as a whole; the exit code says by which signal.
  if (error instanceof Error && error.name === 'AbortError' && isStopped) {
    io.err('Stopped; what was half done is undone.\n')
    return
  }
  const told =
    error instanceof CommanderError
      ? usageError(error, askedOf(program, words, error))
      : filesExhausted(error)
  io.err(renderError(told, await paintFor({ isColoured: io.isErrColoured }), io.errColumns))
  if (program.opts<GlobalFlags>().debug) io.err(renderCauses(told))
  process.exitCode = exitCodes[exitOf(told)].code
}

/** From a second signal to the end of the process, where somebody has last words to write. */
const lastWordsMs = 3000

/**
 * The first signal asks the work to stop at its next checkpoint; a second one ends the process at once, or where
 * somebody asked for it gives them a moment to write down what is left. What runs for months says with `leaveWithin` that
 * nothing of it is worth waiting for any longer than that.
 */
function watchSignals() {
  const controller = new AbortController()
  let exit: Exit = 'interrupted'
  let isLeaving = false
  let onSecond: (() => void) | undefined
  const leaveWithin = (ms: number): void => {
    isLeaving = true
    void systemClock.sleep(ms).then(() => process.exit(exitCode()))
  }
  const watch = (name: NodeJS.Signals, means: Exit) =>
    process.on(name, () => {
      // It goes to the whole terminal; the pager there decides what it means.
      if (name === 'SIGINT' && isPaging()) return
      const again = onSecond
      onSecond = undefined
      if (controller.signal.aborted && !again) process.exit(exitCodes[means].code)
      exit = means
      if (controller.signal.aborted) {
        leaveWithin(lastWordsMs)
        return again?.()
      }
      onSecond = again
      controller.abort()
    })
  watch('SIGINT', 'interrupted')
  watch('SIGTERM', 'terminated')
  const exitCode = () => exitCodes[exit].code
  return {
    signal: controller.signal,
    exitCode,
    onSecond: (listener: () => void) => void (onSecond = listener),
    leaveWithin,
    /** At the end of the program, when what is left behind would keep the process alive. */
    leaveNow(): void {
      if (isLeaving) process.exit()
    },
  }
}
