/**
 * Runs the built program on a terminal: a pseudo-terminal made by `script` of util-linux, which every Debian has. There
 * stdout and stderr are one, and what is typed is shown too. Tests that need one say so aloud where it is missing:
 * `describe.skipIf(whyNoTerminal())`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { stringWidth } from '../commands/output/table.ts'
import { cleanEnv, definedOnly, programPath } from './program.ts'
import { untilThere } from './until.ts'

export type TerminalOptions = {
  cwd: string
  /** 80 unless told. */
  columns?: number
  /** 24 unless told. */
  rows?: number
  env?: Record<string, string | undefined>
  /** Another program than ours, such as a shell. */
  program?: string
}

/** `screen` is everything that was written to the terminal, with its escape sequences; `plain` takes them away. */
export type EndedOnTerminal = { code: number | null; screen: string }

export type OnTerminal = {
  ended: Promise<EndedOnTerminal>
  /** What stands there so far, with escape sequences. */
  soFar(): string
  /** Resolves when the text stands there, with or without escape sequences; rejects when the program ends before. */
  prints(text: string): Promise<void>
  /** Keys, as a person would press them: `'yes\r'`, `keys.down`, `keys.interrupt`. */
  type(text: string): void
  /** Sends a signal to the program itself. */
  kill(signal: NodeJS.Signals): void
  /** Ends the program and everything on its terminal. */
  stop(): Promise<void>
}

export const keys = {
  enter: '\r',
  up: '\u001b[A',
  down: '\u001b[B',
  interrupt: '\u0003',
  end: '\u0004',
} as const

/** Why nothing can be run on a terminal here; undefined when it can. */
export function whyNoTerminal(): string | undefined {
  if (process.platform !== 'linux') return 'a pseudo-terminal is made by script of util-linux'
  const { status, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.includes('util-linux')
    ? undefined
    : 'script is not installed (Debian: bsdutils)'
}

/** Starts the program on a terminal of its own; it is ended with the test. Words are split at blanks. */
export function startOnTerminal(
  words: string | readonly string[],
  options: TerminalOptions,
): OnTerminal {
  const started = openTerminal(words, options)
  onTestFinished(started.stop)
  return started
}

/** Runs it to its end. */
export const runOnTerminal = (
  words: string | readonly string[],
  options: TerminalOptions,
): Promise<EndedOnTerminal> => startOnTerminal(words, options).ended

/** The same outside of a test: whoever opens it stops it. */
export function openTerminal(
  words: string | readonly string[],
  { cwd, columns = 80, rows = 24, env, program: other }: TerminalOptions,
): OnTerminal {
  const list = typeof words === 'string' ? words.split(' ').filter(Boolean) : words
  const start = other === undefined ? [process.execPath, programPath()] : [other]
  const program = [...start, ...list].map(quote).join(' ')
  const notes = mkdtempSync(join(tmpdir(), 'caravan-terminal-'))
  const pidFile = join(notes, 'pid')
  const line = `echo $$ >${quote(pidFile)}; stty cols ${columns} rows ${rows}; exec ${program}`
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd,
    // Nobody is there to leave a pager; a test of pagers names its own.
    env: definedOnly({
      ...cleanEnv(cwd),
      TERM: 'xterm-256color',
      PAGER: 'cat',
      ...env,
      SHELL: '/bin/sh',
    }),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let screen = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text))
  child.stdin.on('error', () => undefined) // it may end without having read what is typed
  const ended = once(child, 'close').then(([code]) => {
    // Left open to here: script takes the end of its input for the end of the terminal.
    child.stdin.destroy()
    return { code: code as number | null, screen }
  })
  const holds = (text: string) => screen.includes(text) || plain(screen).includes(text)
  return {
    ended,
    soFar: () => screen,
    type: (text) => void child.stdin.write(text),
    kill: (signal) => kill(Number(readFileSync(pidFile, 'utf8')), signal),
    prints: (text) =>
      untilThere(() => holds(text), {
        streams: [child.stdout],
        ended,
        tell: () => `ended without "${text}": ${screen}`,
      }),
    async stop() {
      if (isRunning(child)) endAll(pidFile, child)
      await ended
      rmSync(notes, { recursive: true, force: true })
    },
  }
}

/** A text as it was before it was meant for a terminal: no escape sequences, line ends as elsewhere. */
export const plain = (screen: string): string =>
  screen.replace(escapeSequence, '').replaceAll(/\r+\n/g, '\n')

/**
 * Every line that stood on the screen at some time, without escape sequences: a redrawn line counts each time it was
 * drawn, so that one that would have been too wide is found.
 */
export const drawnLines = (screen: string): string[] =>
  plain(screen)
    .split(/[\n\r]/)
    .filter((line) => line !== '')

/** Lines that a terminal would have broken. A long word, as an address, stays whole so that it can be copied. */
export const widerThan = (columns: number, screen: string): string[] =>
  drawnLines(screen).filter((line) => stringWidth(line) > columns && !/^\s*\S+$/.test(line))

/** The colour sequences in a text; empty when it has none. */
export const coloursIn = (screen: string): string[] => screen.match(colourSequence) ?? []

const escapeSequence =
  // oxlint-disable-next-line no-control-regex
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g

// Codes of weight, colour and background, and the one that ends them; cursor movements are none.
// oxlint-disable-next-line no-control-regex
const colourSequence = /\u001b\[[\d;:]*m/g

const isRunning = (child: ChildProcess): boolean =>
  child.exitCode === null && child.signalCode === null

/** The program leads the session of its terminal, and with it the group of everything it started. */
function endAll(pidFile: string, child: ChildProcess): void {
  try {
    kill(-Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
  } catch {
    // It has not come as far as to note its id: closing the terminal ends it.
  }
  child.kill('SIGKILL')
}

function kill(pid: number, signal: NodeJS.Signals): void {
  if (!pid) return // 0 would be this process and its group
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
