import type { DaemonContext } from '../part.ts'
import { latestDaemon } from '../../store/daemons.ts'

/** Ticks are a second apart; a run that keeps the loop busy, or a slow disk, is no reason to be restarted. */
const staleMs = 60_000

export type Health = { status: 'ok' } | { status: 'failing'; failing: ('database' | 'scheduler')[] }

/** Whether the database answers and the scheduler of this daemon has looked for what is due lately. */
export async function readHealth({ db, id, clock }: DaemonContext): Promise<Health> {
  try {
    const daemon = await latestDaemon(db)
    const tickedAt = daemon?.id === id ? daemon.tickedAt : null
    // A clock that stepped back leaves a tick in the future, and the next one comes at once.
    const agoMs = tickedAt === null ? Infinity : clock.now().getTime() - Date.parse(tickedAt)
    return Math.abs(agoMs) < staleMs ? { status: 'ok' } : failing('scheduler')
  } catch {
    return failing('database')
  }
}

const failing = (what: 'database' | 'scheduler'): Health => ({ status: 'failing', failing: [what] })
