/** Judges the alert rules all the time, and has each channel tell what it has to. */
import { createCallRates } from '../app/alerts/call-rates.ts'
import { tellChannel } from '../app/alerts/deliver.ts'
import { judgeAlerts } from '../app/alerts/judge.ts'
import { counted } from '../core/words.ts'
import type { AlertFinding } from '../store/alerts.ts'
import type { MakePart } from './part.ts'

const everyMs = 15_000
/** The wall clock and the monotonic one differ by no more than this, unless one was set or the machine slept. */
const jumpMs = 60_000

const fieldsOf = ({ id, rule, subject, severity }: AlertFinding & { id: string }) => ({
  alert: id,
  rule,
  subject,
  severity,
})

/**
 * Channels are told beside the passes, each on its own: one that takes its whole deadline to fail holds up neither the
 * others nor the next judgement.
 */
export const makeAlerts: MakePart = ({ app, clock, log, signal }) => {
  const rates = createCallRates()
  const telling = new Map<string, Promise<void>>()
  let last: { wallMs: number; monotonicMs: number } | undefined

  /** After a jump everything looks late until the other parts have had their turn. */
  function hasJumped(): boolean {
    const now = { wallMs: clock.now().getTime(), monotonicMs: clock.monotonicMs() }
    const former = last
    last = now
    if (!former) return false
    const passedMs = now.monotonicMs - former.monotonicMs
    return Math.abs(now.wallMs - former.wallMs - passedMs) > jumpMs || passedMs > everyMs + jumpMs
  }

  async function tellOf(channel: string): Promise<void> {
    try {
      const { told, untold, error } = await tellChannel(app(), channel, signal)
      for (const { tell: notice, ...alert } of told) {
        const what = notice === 'resolved' ? ' that it is over' : ''
        log.info(`told ${channel}${what}: ${alert.title}`, { service: channel, ...fieldsOf(alert) })
      }
      const [first] = untold
      if (first) {
        const what = untold.length > 1 ? counted(untold.length, 'alert') : first.title
        const fields = { service: channel, ...fieldsOf(first) }
        log.warn(`an alert was not delivered: ${what}: ${error}`, fields)
      }
    } catch (error) {
      log.error('a channel could not be told', { service: channel, error })
    } finally {
      telling.delete(channel)
    }
  }

  function tell(channel: string): void {
    if (!telling.has(channel)) telling.set(channel, tellOf(channel))
  }

  return {
    name: 'alerts',
    everyMs,
    async pass() {
      if (hasJumped()) return
      const { fired, resolved } = await judgeAlerts(app(), rates)
      for (const alert of fired) {
        const { title, detail, todo: hint } = alert
        log.warn(`alert: ${title}`, { ...fieldsOf(alert), detail, hint })
      }
      for (const alert of resolved) log.info(`alert over: ${alert.title}`, fieldsOf(alert))
      const { channels } = (await app().usableConfig()).config.alerts
      for (const channel of channels) tell(channel)
    },
    async stop() {
      await Promise.all(telling.values())
    },
  }
}
