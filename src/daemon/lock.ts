/** There is one daemon for a state. */
import { type Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { utcText } from '../core/words.ts'
import {
  type DaemonInfo,
  daemonBeatMs,
  daemonLeaseMs,
  enterDaemon,
  isHere,
  isLeaseOver,
} from '../store/daemons.ts'
import type { Db } from '../store/schema.ts'

export type LockOptions = {
  db: Db
  clock: Clock
  log: Log
  signal: AbortSignal
  id: string
  version: string
}

const lookMs = 500

/**
 * Makes this process the daemon. The place of one that is gone is taken: at once where that can be seen, as on the same
 * host, else when nothing was heard of it for as long as its lease. Throws `daemon_running`.
 */
export async function takePlace({
  db,
  clock,
  log,
  signal,
  id,
  version,
}: LockOptions): Promise<void> {
  const enter = (replaced?: string) => enterDaemon(db, { id, version, now: clock.now() }, replaced)
  const first = await enter()
  if (!first) return
  if (isHere(first) && !isLeaseOver(first, clock.now())) throw running(first)
  log.warn('waiting for a daemon of which nothing is heard', told(first))
  // Measured here: the clock of the other host, or ours, may be wrong. One of this host would have spoken by then.
  const untilMs = clock.monotonicMs() + (isHere(first) ? daemonBeatMs * 2 : daemonLeaseMs)
  while (clock.monotonicMs() < untilMs) {
    await clock.sleep(lookMs, signal)
    const there = await enter()
    if (!there) return
    if (there.id !== first.id || there.heartbeatAt !== first.heartbeatAt) throw running(there)
  }
  const there = await enter(first.id)
  if (there) throw running(there)
  log.warn('took the place of a daemon of which nothing was heard', told(first))
}

const told = ({ host, pid, heartbeatAt }: DaemonInfo) => ({
  other_host: host,
  other_pid: pid,
  last_heard: heartbeatAt,
})

const running = ({ host, pid, startedAt }: DaemonInfo): CaravanError =>
  new CaravanError({
    code: 'daemon_running',
    message: `a daemon works on this state already: process ${pid} on ${host}, since ${utcText(startedAt)}`,
    hint: 'One is enough: it runs the jobs of the whole file. To start another one, stop that one first.',
    see: 'caravan status',
  })

/** Another process took the place of this one, which had not been heard of. */
export const placeLost = (): CaravanError =>
  new CaravanError({
    code: 'daemon_running',
    message:
      'another daemon has taken the place of this one, of which nothing was heard for longer than its lease',
    hint: 'This process was stopped or cut off from its state. The other one goes on with the work.',
    see: 'caravan status',
  })
