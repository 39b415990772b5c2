/** Runs the program for the contract tests, which run several commands of one test file side by side. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cleanEnv, definedOnly, programPath } from '../program.ts'
import { openTerminal } from '../terminal.ts'
import type { Home } from './home.ts'

/** `code` is null when the program had to be ended because it did not end by itself. */
export type Finished = { code: number | null; out: string; err: string }

export type How = {
  stdin?: string
  env?: Record<string, string | undefined>
  /** For what runs until it is told to stop: once it has printed this, it is sent SIGTERM. */
  stopAt?: string
}

/** Far beyond what any command takes here, and within the time of a test. */
const patienceMs = 20_000

/** Runs the program with pipes; stdin holds what is given and then ends. */
export const runOnce = (words: readonly string[], home: Home, how: How = {}): Promise<Finished> =>
  finish([process.execPath, programPath(), ...words], home, how)

/** Runs a line as a shell does. */
export const runLine = (line: string, home: Home, how: How = {}): Promise<Finished> =>
  // In the place of the shell, so that a signal reaches the program and its exit code comes out.
  finish(['sh', '-c', how.stopAt ? `exec ${line}` : line], home, how)

async function finish(words: readonly string[], home: Home, how: How): Promise<Finished> {
  return inTurn(async () => {
    const [command = '', ...rest] = words
    const child = spawn(command, rest, {
      cwd: home.folder,
      env: definedOnly({ ...cleanEnv(home.folder), ...home.env, ...how.env }),
      detached: true, // a group of its own, so that a pipeline is ended as a whole
    })
    let out = ''
    let err = ''
    let isStopped = false
    const end = (signal: NodeJS.Signals) => {
      try {
        if (child.pid && child.exitCode === null) process.kill(-child.pid, signal)
      } catch {
        // It has ended in the meantime.
      }
    }
    const look = () => {
      if (isStopped || !how.stopAt || !(out + err).includes(how.stopAt)) return
      isStopped = true
      end('SIGTERM')
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => ((out += text), look()))
    child.stderr.setEncoding('utf8').on('data', (text: string) => ((err += text), look()))
    child.stdin.on('error', () => undefined)
    child.stdin.end(how.stdin ?? '')
    AbortSignal.timeout(patienceMs).addEventListener('abort', () => end('SIGKILL'))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, out, err }
  })
}

/** So high that nothing goes through a pager, which waits for a key. */
const rows = 500

/** Runs the program on a terminal of 80 columns; nothing is typed. */
export const runThere = (
  words: readonly string[],
  home: Home,
  { env, stopAt }: How = {},
): Promise<{ code: number | null; screen: string }> =>
  inTurn(async () => {
    const terminal = openTerminal(words, { cwd: home.folder, rows, env: { ...home.env, ...env } })
    let isLate = false
    let isOver = false
    AbortSignal.timeout(patienceMs).addEventListener('abort', () => {
      isLate = !isOver
      void terminal.stop()
    })
    if (stopAt) {
      await terminal.prints(stopAt).catch(() => undefined)
      terminal.kill('SIGTERM')
    }
    const { code, screen } = await terminal.ended
    isOver = true
    await terminal.stop()
    return { code: isLate ? null : code, screen }
  })

const atOnce = 4
let running = 0
const waiting: (() => void)[] = []

/** At most four at a time: the machine may have two cores. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnce) await new Promise<void>((go) => waiting.push(go))
  else running++
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}
