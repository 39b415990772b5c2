import type { LogFields } from '../../core/log.ts'
import type { DaemonContext } from '../part.ts'

const minuteMs = 60_000
/** More than these at a time are one group: anybody may call any address. */
const mostGroups = 100

/**
 * Warns of what strangers can cause as often as they like: the first of its kind at once, then how many more there were
 * within a minute. A kind is a message with its service and its reason.
 */
export function warningOften({
  log,
  clock,
  signal,
}: Pick<DaemonContext, 'log' | 'clock' | 'signal'>): (message: string, fields: LogFields) => void {
  const counts = new Map<string, number>()

  async function tellLater(key: string, message: string, about: LogFields): Promise<void> {
    await clock.sleep(minuteMs, signal).catch(() => undefined)
    const count = counts.get(key) ?? 0
    counts.delete(key)
    if (count > 0) log.warn(`${message}, and again within a minute`, { ...about, count })
  }

  return (message, fields) => {
    const { service, why } = fields
    const own = JSON.stringify([message, service, why])
    const isOther = !counts.has(own) && counts.size >= mostGroups
    const key = isOther ? 'others' : own
    const count = counts.get(key)
    if (count !== undefined) return void counts.set(key, count + 1)
    counts.set(key, 0)
    log.warn(message, fields)
    void tellLater(key, message, isOther ? { why: 'several reasons' } : { service, why })
  }
}
