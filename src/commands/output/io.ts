/** Where the program's words go. Results are for stdout, words about them for stderr. */
export type Io = {
  out(text: string): void
  err(text: string): void
  env: Readonly<Record<string, string | undefined>>
  /** Whether stdout is a terminal, and how wide it is. */
  isTerminal: boolean
  columns: number
  /** Whether a person can be asked: stdin and stderr are terminals, and nothing says otherwise. */
  mayAsk: boolean
  /** Whether stderr is a terminal, where a progress bar can be drawn. */
  canDraw: boolean
  isColoured: boolean
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
}

export function processIo(flags: GlobalFlags): Io {
  const { env, stdin, stdout, stderr } = process
  const isTerminal = stdout.isTTY === true
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    env,
    isTerminal,
    columns: isTerminal ? stdout.columns || 80 : Infinity,
    mayAsk: flags.input && !env.CI && stdin.isTTY === true && stderr.isTTY === true,
    canDraw: stderr.isTTY === true && !env.CI && env.TERM !== 'dumb',
    isColoured: flags.color && isTerminal && !env.NO_COLOR && env.TERM !== 'dumb',
    isQuiet: flags.quiet === true,
    isUtc: flags.utc === true,
  }
}
