/** Alerts for operators: what fires, what did, and by which rules. */
import { CaravanError } from '../../core/errors.ts'
import { listChannels } from '../../store/alert-channels.ts'
import { liveDaemons } from '../../store/alert-facts.ts'
import { pendingOf } from '../../store/alert-deliveries.ts'
import { findAlert, listAlerts, listFiring, type StoredAlert } from '../../store/alerts.ts'
import { listSilences, silenceOf } from '../../store/silences.ts'
import type { AlertDetails, AlertInfo, AlertRuleInfo } from '../answers/alerts.ts'
import type { App } from '../app.ts'
import { rules } from './rules/index.ts'

export type AlertQuery = {
  /** `recent`: what fires, and what did within a day. */
  which: 'recent' | 'firing' | 'all'
  limit: number
}

export type AlertOverview = {
  rows: AlertInfo[]
  /** Nobody is told of anything. */
  hasNoChannel: boolean
  /** No daemon runs: nothing new is found, and nobody is told. */
  isUnjudged: boolean
  /** Channels that do not deliver. */
  failing: { service: string; since: string; error: string }[]
}

const dayMs = 86_400_000

/** What fires first, then the newest. */
export async function showAlerts(app: App, { which, limit }: AlertQuery): Promise<AlertOverview> {
  const { db } = await app.state()
  const isRecent = ({ resolvedAt }: StoredAlert): boolean =>
    resolvedAt === null || Date.parse(resolvedAt) > app.clock.now().getTime() - dayMs
  const firing = await listAlerts(db, { status: 'firing', limit })
  const over = which === 'firing' ? [] : await listAlerts(db, { status: 'resolved', limit })
  const shown = which === 'all' ? over : over.filter(isRecent)
  const info = await informer(app)
  const channels = await listChannels(db)
  return {
    rows: [...firing, ...shown].slice(0, limit).map(info),
    hasNoChannel: (await channelsOf(app)).length === 0,
    isUnjudged: (await liveDaemons(db, app.clock.now())).length === 0,
    failing: channels.flatMap(({ service, failingSince, error }) =>
      failingSince ? [{ service, since: failingSince, error: error ?? '' }] : [],
    ),
  }
}

/** By id or its beginning. Throws `alert_unknown`, or `usage` when several begin so. */
export async function showAlert(app: App, id: string): Promise<AlertDetails> {
  const { db } = await app.state()
  const alert = await findAlert(db, id)
  if (!alert) {
    throw new CaravanError({
      code: 'alert_unknown',
      message: `there is no alert ${id}`,
      hint: '"caravan alerts --all" lists them.',
    })
  }
  const { detail, todo, announcedAt } = alert
  const pending = await pendingOf(db, alert.id)
  return { ...(await informer(app))(alert), detail, todo, announced_at: announcedAt, pending }
}

/** In the order of the list in rules/index.ts. */
export async function showRules(app: App): Promise<AlertRuleInfo[]> {
  const { alerts: settings } = (await app.usableConfig()).config
  const firing = await listFiring((await app.state()).db)
  return rules.map(({ id, title, severity, when }) => ({
    rule: id,
    title,
    severity,
    when: when(settings),
    off: settings.off.includes(id),
    firing: firing.filter(({ rule }) => rule === id).length,
  }))
}

const channelsOf = async (app: App): Promise<readonly string[]> =>
  (await app.usableConfig()).config.alerts.channels

async function informer(app: App): Promise<(alert: StoredAlert) => AlertInfo> {
  const { db } = await app.state()
  const channels = await channelsOf(app)
  const silences = await listSilences(db, app.clock.now())
  return (alert) => {
    const silence =
      alert.status === 'firing' ? (silenceOf(silences, alert)?.id ?? null) : alert.silencedBy
    return {
      id: alert.id,
      rule: alert.rule,
      subject: alert.subject,
      severity: alert.severity,
      status: alert.status,
      title: alert.title,
      fired_at: alert.firedAt,
      seen_at: alert.seenAt,
      resolved_at: alert.resolvedAt,
      telling: tellingOf(alert, silence, channels),
      told_at: alert.toldAt,
      silenced_by: silence,
    }
  }
}

function tellingOf(
  { subject, status, toldAt, announcedAt }: StoredAlert,
  silence: string | null,
  channels: readonly string[],
): AlertInfo['telling'] {
  if (toldAt !== null) return 'told'
  if (announcedAt !== null) return 'pending'
  if (status === 'resolved') return 'not_told'
  if (silence !== null) return 'silenced'
  if (channels.some((name) => name !== subject)) return 'cooldown'
  return channels.length > 0 ? 'itself' : 'nobody'
}
