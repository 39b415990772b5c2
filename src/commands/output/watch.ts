/** A picture that is drawn again and again in the same place. */
import { CaravanError, messageOf } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { paintFor } from './colour.ts'
import type { Io } from './io.ts'
import { printable } from './print.ts'
import { shorten } from './table.ts'
import { formatDuration, formatInstant } from './time.ts'

export type Watched<T> = {
  title: string
  everyMs: number
  read(): Promise<T>
  /** As wide as the terminal is at that moment. */
  draw(value: T): Promise<string>
}

/** Throws `usage` where there is no screen to draw on, or something else than a picture is asked for. */
export function requireScreen(
  { isTerminal, env }: Io,
  { watch, json, every }: { watch?: boolean; json?: boolean; every?: string },
): void {
  if (!watch) throw misused(`--every ${every} needs --watch`, 'Say both, or neither.')
  if (json) {
    throw misused('--watch draws on a terminal, and --json is for programs', 'Say one of the two.')
  }
  if (!isTerminal || env.TERM === 'dumb') {
    throw misused(
      '--watch draws on a terminal, and stdout is none that can be drawn on',
      'Leave it out to print it once.',
    )
  }
}

const misused = (message: string, hint: string): CaravanError =>
  new CaravanError({ code: 'usage', message, hint })

const escape = '\u001b['
/** A second screen, so that nothing that stood there is lost; no cursor; what is too wide is cut, not broken. */
const enterScreen = `${escape}?1049h${escape}?25l${escape}?7l`
const leaveScreen = `${escape}?7h${escape}?25h${escape}?1049l`
/** What stands between the two appears at once, where the terminal knows how. */
const [beginFrame, endFrame] = [`${escape}?2026h`, `${escape}?2026l`]

/**
 * Draws until the program is asked to stop, which leaves the last picture on the screen; its exit code is then that of the
 * signal, as of everything that goes on until it is stopped. A failure to read ends it only at the first time; later ones
 * are told above the picture that was.
 */
export async function watchScreen<T>(cli: Cli, watched: Watched<T>): Promise<void> {
  let value = await watched.read()
  let trouble = ''
  const { signal, clock } = cli
  const { stdout } = process
  let wake = new AbortController()
  const redraw = () => wake.abort('resized')
  const leave = () => void stdout.write(leaveScreen)
  stdout.on('resize', redraw)
  process.on('exit', leave) // a second Ctrl-C ends the process at once
  cli.io().out(enterScreen)
  try {
    let readAtMs = clock.monotonicMs()
    while (!signal.aborted) {
      wake = new AbortController() // before it is drawn: the window may change its size meanwhile
      cli.io().out(await frameOf(cli, watched, value, trouble))
      const leftMs = readAtMs + watched.everyMs - clock.monotonicMs()
      await clock.sleep(leftMs, AbortSignal.any([signal, wake.signal])).catch(() => undefined)
      if (signal.aborted || wake.signal.aborted) continue
      readAtMs = clock.monotonicMs()
      try {
        value = await watched.read()
        trouble = ''
      } catch (error) {
        trouble = `not read anew: ${printable(messageOf(error)).replaceAll('\n', ' ')}`
      }
    }
  } finally {
    stdout.off('resize', redraw)
    process.off('exit', leave)
    leave()
  }
  cli.io().out(await watched.draw(value))
}

/** Line over line, each cleared behind its end: nothing is blank in between, so nothing flickers. */
async function frameOf<T>(
  cli: Cli,
  { title, everyMs, draw }: Watched<T>,
  value: T,
  trouble: string,
): Promise<string> {
  const io = cli.io()
  const paint = await paintFor(io)
  const now = formatInstant(cli.clock.now().toISOString(), io.isUtc)
  const head = `${title}  ${now}  every ${formatDuration(everyMs)}, Ctrl-C ends it`
  const lines = [
    paint('dim', shorten(head, io.columns)),
    ...(trouble ? [paint('bad', shorten(trouble, io.columns))] : []),
    '',
    ...(await draw(value)).trimEnd().split('\n'),
  ]
  const shown = lines.length > io.rows ? lines.slice(0, io.rows - 1) : lines
  const left = lines.length - shown.length
  if (left > 0) shown.push(paint('dim', `… ${left} more lines; a taller window shows them`))
  const body = shown.map((line) => `${line}${escape}K`).join('\r\n')
  return `${beginFrame}${escape}H${body}${escape}J${endFrame}`
}
