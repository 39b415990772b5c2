/** Has a channel tell what it still has to tell. */
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { getChannel, noteUndelivered } from '../../store/alert-channels.ts'
import { listPending, markDelivered, type PendingAlert } from '../../store/alert-deliveries.ts'
import { thisProcess } from '../../store/process-identity.ts'
import type { Db } from '../../store/schema.ts'
import type { App } from '../app.ts'
import { composeMessages } from './compose.ts'
import { isUnderWay, type Post, sendAlert } from './send.ts'

export type Told = {
  /** How many messages were posted. */
  delivered: number
  /** What they told, and what the one that failed would have. */
  told: PendingAlert[]
  untold: readonly PendingAlert[]
  error: string | null
}

/** Posts what a channel has to tell. Never throws for one that does not deliver. */
export async function tellChannel(app: App, service: string, signal: AbortSignal): Promise<Told> {
  const { db } = await app.state()
  const { alerts } = (await app.usableConfig()).config
  return tellWith(db, service, {
    clock: app.clock,
    signal,
    digestOver: alerts.digest_over,
    from: thisProcess().host,
    post: (message) => sendAlert(app, service, message, signal),
  })
}

type Telling = {
  clock: Clock
  signal: AbortSignal
  digestOver: number
  from: string
  post(message: Post): Promise<void>
}

/**
 * Oldest first, up to the first failure: the rest is told later. Throws when the state cannot be read or written. What
 * was posted and not yet marked when the process is killed is posted under the same key again, which the call path
 * answers without posting.
 */
export async function tellWith(
  db: Db,
  service: string,
  { clock, signal, post, ...style }: Telling,
): Promise<Told> {
  const channel = await getChannel(db, service)
  if (channel?.nextAt && isAhead(channel.nextAt, clock.now())) {
    return { delivered: 0, told: [], untold: [], error: null }
  }
  let delivered = 0
  const told: PendingAlert[] = []
  for (const { tells, ...message } of composeMessages(await listPending(db, service), style)) {
    if (signal.aborted) break
    const error = await failureOf(post(message))
    if (signal.aborted || isUnderWay(error)) break
    if (error !== undefined) {
      const text = messageOf(error)
      await noteUndelivered(db, service, { error: text, now: clock.now(), waitMs })
      return { delivered, told, untold: tells, error: text }
    }
    await markDelivered(db, service, tells, clock.now())
    delivered += 1
    told.push(...tells)
  }
  return { delivered, told, untold: [], error: null }
}

const failureOf = (posting: Promise<void>): Promise<unknown> =>
  posting.then(
    () => undefined,
    (error: unknown) => error ?? new Error('failed without a reason'),
  )

const firstWaitMs = 15_000
const longestWaitMs = 5 * 60_000

/** How long a channel is left alone after so many failures in a row. */
export const waitMs = (failures: number): number =>
  Math.min(firstWaitMs * 2 ** Math.min(failures - 1, 10), longestWaitMs)

/** An instant further ahead than it was ever set was set before the clock went back. */
const isAhead = (instant: string, now: Date): boolean => {
  const leftMs = Date.parse(instant) - now.getTime()
  return leftMs > 0 && leftMs <= longestWaitMs
}
