/** Where the program's words go. Results are for stdout, words about them for stderr. */
export type Io = {
  out(text: string): void
  err(text: string): void
  env: Readonly<Record<string, string | undefined>>
  /** Prints a result of any length, whole: on a terminal that is shorter, through a pager. */
  page(text: string): Promise<void>
  /** Whether stdout is a terminal, and how wide it is. */
  isTerminal: boolean
  columns: number
  /** How many lines it has. */
  rows: number
  /** Whether a person can be asked: stdin and stderr are terminals, and nothing says otherwise. */
  mayAsk: boolean
  /** Whether stderr is a terminal, where a progress bar can be drawn. */
  canDraw: boolean
  /** Asked anew for each line that is drawn: a window changes its size. */
  readonly errColumns: number
  /** Colours on stdout. */
  isColoured: boolean
  /** Colours on stderr. */
  isErrColoured: boolean
  isQuiet: boolean
  isUtc: boolean
}

export type GlobalFlags = {
  config?: string
  color: boolean
  input: boolean
  quiet?: boolean
  utc?: boolean
  debug?: boolean
  pager: boolean
}

/** Nobody reads stdout any more, as after `| head`: no fault of ours or of the operator's, but no reason to go on. */
export class ClosedPipe extends Error {
  override name = 'ClosedPipe'
}

let isClosed = false

/** A pipe that is closed early ends what prints, never what works: a run goes on and keeps its exit code. */
export function watchPipes(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    isClosed = true
  })
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

let pagers = 0

/** Whether a pager holds the terminal. */
export const isPaging = (): boolean => pagers > 0

/** `signal` ends a pager. */
export function processIo(flags: GlobalFlags, signal: AbortSignal): Io {
  const { env, stdin, stdout, stderr } = process
  const isTerminal = stdout.isTTY === true
  const isDumb = env.TERM === 'dumb'
  const mayColour = flags.color && !env.NO_COLOR && !isDumb
  const mayPage = isTerminal && flags.pager && !env.CI && !isDumb
  const out = (text: string) => {
    if (isClosed) throw new ClosedPipe()
    stdout.write(text)
  }
  return {
    out,
    async page(text) {
      if (!mayPage) return out(text)
      const { isLonger, pagerOf, showInPager } = await import('./pager.ts')
      const pager = pagerOf(env)
      if (!pager || !isLonger(text, stdout)) return out(text)
      pagers++
      const isShown = await showInPager(pager, text, signal).finally(() => pagers--)
      if (!isShown) out(text)
    },
    err: (text) => void stderr.write(text),
    env,
    isTerminal,
    columns: isTerminal ? stdout.columns || 80 : Infinity,
    rows: isTerminal ? stdout.rows || 24 : Infinity,
    mayAsk: flags.input && !env.CI && stdin.isTTY === true && stderr.isTTY === true,
    canDraw: stderr.isTTY === true && !env.CI && !isDumb,
    get errColumns() {
      return stderr.isTTY === true ? stderr.columns || 80 : Infinity
    },
    isColoured: mayColour && isTerminal,
    isErrColoured: mayColour && stderr.isTTY === true,
    isQuiet: flags.quiet === true,
    isUtc: flags.utc === true,
  }
}
