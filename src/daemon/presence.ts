/** Says again and again that the daemon is there, to other processes and to systemd. */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { beatDaemon, daemonBeatMs } from '../store/daemons.ts'
import type { Db } from '../store/schema.ts'
import type { Notify } from './notify.ts'

export type PresenceOptions = {
  db: Db
  clock: Clock
  log: Log
  id: string
  notify: Notify
  /** Ends it. */
  signal: AbortSignal
  /** The scheduler has looked for what is due for the first time. */
  onReady(): void
  /** Another daemon has taken the place. */
  onLost(): void
}

/** How often is looked until the scheduler has begun. */
const firstLookMs = 100

/**
 * systemd hears of the daemon while its scheduler goes on looking for what is due, and while the state cannot be written,
 * which a restart would not mend. Never rejects.
 */
export async function keepPresent(options: PresenceOptions): Promise<void> {
  const { db, clock, log, id, notify, signal, onReady, onLost } = options
  const watchdogMs = notify.watchdogMs ?? Infinity
  let isReady = false
  let tickedAt: string | null = null
  let tickSeenMs = clock.monotonicMs()
  let pingedMs = -Infinity
  let trouble = ''

  async function beat(): Promise<boolean> {
    try {
      const row = await beatDaemon(db, id, clock.now())
      if (!row) return false
      if (trouble) log.info('the state can be written again')
      trouble = ''
      // Not by its age: the clock may have stepped.
      if (row.tickedAt !== tickedAt) tickSeenMs = clock.monotonicMs()
      tickedAt = row.tickedAt
    } catch (error) {
      const cause = String(error)
      if (cause !== trouble) log.error('the state cannot be written', { error })
      trouble = cause
      tickSeenMs = clock.monotonicMs()
    }
    return true
  }

  while (!signal.aborted) {
    if (!(await beat())) return onLost()
    if (!isReady && tickedAt !== null) {
      isReady = true
      await notify.tell('READY=1')
      onReady()
    }
    const nowMs = clock.monotonicMs()
    const isTicking = nowMs - tickSeenMs < Math.max(watchdogMs / 2, daemonBeatMs * 3)
    if (isReady && isTicking && nowMs - pingedMs >= watchdogMs / 4) {
      pingedMs = nowMs
      await notify.tell('WATCHDOG=1')
    }
    const restMs = isReady ? Math.min(daemonBeatMs, watchdogMs / 4) : firstLookMs
    await clock.sleep(restMs, signal).catch(() => undefined)
  }
}
