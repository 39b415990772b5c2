/** Starts the real daemon in the folder of a project, as systemd would. */
import Sqlite from 'better-sqlite3'
import { expect } from 'vitest'
import { systemClock } from '../core/clock.ts'
import type { Ended, Project, RunOptions, Started } from './program.ts'

/** A line of the log, as it was written. */
export type LogLine = {
  level: string
  time: string
  message: string
  [field: string]: unknown
}

export type RunningDaemon = Started & {
  /** What it has logged so far. */
  lines(): LogLine[]
  /** The first line with such a message, once it is there; `after`: how many lines are passed over. */
  logged(part: string, after?: number): Promise<LogLine>
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

/** Resolves when it has begun its work. Rejects with what it printed when it ends before. */
export async function startDaemon(
  project: Pick<Project, 'start'>,
  words = '',
  options: Partial<RunOptions> = {},
): Promise<RunningDaemon> {
  const started = project.start(`daemon --log-format json ${words}`, options)
  const lines = () =>
    started
      .soFar()
      .err.split('\n')
      .slice(0, -1)
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []))
  const find = (part: string, after: number) =>
    lines()
      .slice(after)
      .find(({ message }) => message.includes(part))
  const daemon: RunningDaemon = {
    ...started,
    lines,
    async logged(part, after = 0) {
      for (;;) {
        const found = find(part, after)
        if (found) return found
        const isOver = await Promise.race([started.ended.then(() => true), more(started)])
        if (isOver && !find(part, after)) {
          throw new Error(`the daemon ended without "${part}": ${started.soFar().err}`)
        }
      }
    },
    stop(signal = 'SIGTERM') {
      expect(started.process.kill(signal)).toBe(true)
      return started.ended
    },
  }
  await daemon.logged('begins')
  return daemon
}

/** Resolves with false when more was printed. */
const more = ({ process }: Started): Promise<boolean> =>
  new Promise((resolve) => process.stderr?.once('data', () => resolve(false)))

/** Puts a yearly job into the file whose occurrence of this year was missed: the next daemon runs it once, at once. */
export function scheduleMissed(
  { file, read, write }: Pick<Project, 'file' | 'read' | 'write'>,
  job: string,
  withText = '{}',
): void {
  const text = read('integrations.yaml')
  write(
    'integrations.yaml',
    text.replace(/^jobs:.*$/m, `jobs:\n  ${job}: { schedule: "0 3 1 1 *", with: ${withText} }`),
  )
  const due = new Date(Date.UTC(systemClock.now().getUTCFullYear(), 0, 1, 3)).toISOString()
  const db = new Sqlite(file('caravan.db'))
  db.prepare(
    'insert into schedules (job, spec, next_due_at, decided_until, planned_at) values (?, ?, ?, ?, ?)',
  ).run(job, '0 3 1 1 * UTC', due, new Date(Date.parse(due) - 1).toISOString(), due)
  db.close()
}

/** From now on the service of a haier project is asked at most so often in a second, so that a run of it takes its time. */
export function slowDown(
  { read, write }: Pick<Project, 'read' | 'write'>,
  perSecond: number,
): void {
  const text = read('integrations.yaml')
  const slow = `$&\n    rate_limit: { per_second: ${perSecond} }`
  write('integrations.yaml', text.replace(/ {4}adapter: haier$/m, slow))
}

/** What stands in the state now, read beside whoever works on it. */
export function rowsIn<Row = Record<string, unknown>>(
  { file }: Pick<Project, 'file'>,
  query: string,
): Row[] {
  const db = new Sqlite(file('caravan.db'), { readonly: true })
  try {
    return db.prepare(query).all() as Row[]
  } finally {
    db.close()
  }
}

/** Resolves once something holds; the test's own time limit ends the wait. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(20)
}
