/** What SQLite itself has against the content of a file. */
import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { stateError, translated } from './errors.ts'
import type { LookedAt } from './look.ts'

export type CheckOptions = {
  /** Compares each index with its table too. */
  isThorough: boolean
  signal: AbortSignal
}

/** What is read within about half a second, which nothing else of ours can use meanwhile. */
const smallBytes = 64 * 1024 ** 2

/**
 * Lines of what is wrong, at most ten; none when it is sound. A large file is read by a process of its own, for SQLite
 * cannot be interrupted from here: it is killed when the signal is aborted, and the signal's reason is thrown.
 */
export async function checkContent(look: LookedAt, options: CheckOptions): Promise<string[]> {
  const word = options.isThorough ? 'integrity_check(10)' : 'quick_check(10)'
  if (statSync(look.path).size > smallBytes) return checkApart(look, word, options.signal)
  return translated(look.path, () => linesOf(look.handle.pragma(word) as Row[]))
}

type Row = Record<string, string>

const linesOf = (rows: readonly Row[]): string[] =>
  rows.flatMap((row) => Object.values(row)).filter((line) => line !== 'ok')

/** Its handle writes nothing either, and reads only where that leaves no trace. */
const script = `
  const [sqlite, path, word, readonly] = process.argv.slice(1)
  let told
  try {
    const handle = new (require(sqlite))(path, { fileMustExist: true, readonly: readonly === 'true' })
    handle.pragma('query_only = 1')
    told = { rows: handle.pragma(word) }
    handle.close()
  } catch ({ code, message }) {
    told = { code, message }
  }
  process.stdout.write(JSON.stringify(told))
`

type Told = { rows: Row[] } | { code: string; message: string }

async function checkApart(look: LookedAt, word: string, signal: AbortSignal): Promise<string[]> {
  const { path, handle } = look
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3')
  const words = ['-e', script, sqlite, path, word, String(handle.readonly)]
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    signal,
    killSignal: 'SIGKILL',
  }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error
  })
  const told = JSON.parse(stdout) as Told
  if ('rows' in told) return linesOf(told.rows)
  throw stateError(Object.assign(new Error(told.message), { code: told.code }), path)
}
