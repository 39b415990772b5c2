/** Shows a long text a screen at a time. A pager is a convenience: without one everything is printed all the same. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { systemCode } from '../../core/errors.ts'
import { stringWidth } from './table.ts'

export type Pager = { command: string; env: Environment }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * CARAVAN_PAGER, else PAGER, else less; undefined for an empty one and for `cat`. Where LESS is not set, less keeps
 * colours, leaves the text on the screen and ends by itself when all of it fits.
 */
export function pagerOf(env: Environment): Pager | undefined {
  const command = (env.CARAVAN_PAGER ?? env.PAGER ?? 'less').trim()
  if (command === '' || command === 'cat') return undefined
  return { command, env: { ...env, LESS: env.LESS ?? 'FRX' } }
}

/** Whether a text takes more lines than a terminal has, the one for the next prompt included. */
export function isLonger(text: string, { rows = 24, columns = 80 }): boolean {
  const lines = text.split('\n')
  if (lines.length > rows) return true
  const taken = lines.map((line) => Math.max(1, Math.ceil(stringWidth(line) / columns)))
  return taken.reduce((sum, each) => sum + each, 0) > rows
}

/**
 * Resolves when the pager has ended. False when it could not be started or failed by itself: then nobody has seen the
 * text. Leaving it early, or with Ctrl-C, is no failure.
 */
export async function showInPager(
  pager: Pager,
  text: string,
  signal: AbortSignal,
): Promise<boolean> {
  let isInterrupted = false
  const note = () => {
    isInterrupted = true
  }
  process.on('SIGINT', note)
  try {
    const child = start(pager, signal)
    child.stdin?.on('error', () => undefined) // it need not read to the end
    child.stdin?.end(text)
    const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null]
    return code === 0 || isInterrupted || killedBy === 'SIGINT' || signal.aborted
  } catch (error) {
    if (systemCode(error) === 'ABORT_ERR') return true
    return false
  } finally {
    process.off('SIGINT', note)
  }
}

/** A command of plain words needs no shell, which would complain by itself of one that is missing. */
function start({ command, env }: Pager, signal: AbortSignal): ChildProcess {
  const options = { env, signal, stdio: ['pipe', 'inherit', 'inherit'] as const }
  const [name = '', ...words] = command.split(/\s+/)
  return /^[\w./+,:=@\s-]+$/.test(command)
    ? spawn(name, words, options as never)
    : spawn('/bin/sh', ['-c', command], options as never)
}
