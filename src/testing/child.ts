import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { compileCache } from './compile-cache.ts'
import { untilThere } from './until.ts'

export type Child = {
  process: ChildProcess
  /** What it has printed so far, line by line; a line that is not finished is not in it. */
  lines(): string[]
  /** Resolves when it has printed that many lines. Rejects when it ends before. */
  printed(count: number): Promise<string[]>
  /** Resolves with its exit code, null when it was killed. */
  ended: Promise<number | null>
  kill(): Promise<void>
}

/** Starts a script of src/testing as a process of its own. It is killed when the test ends. */
export function startChild(script: string, ...args: string[]): Child {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache() },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const lines = () => output.split('\n').slice(0, -1)
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  return {
    process: child,
    lines,
    ended,
    kill,
    async printed(count) {
      await untilThere(() => lines().length >= count, {
        streams: [child.stdout],
        ended,
        tell: () => `${script} ended with ${child.exitCode ?? child.signalCode} after: ${output}`,
      })
      return lines()
    },
  }
}
