/** One pass over the rules: what fires, what is over, and which of it the channels are to tell. */
import { messageOf } from '../../core/errors.ts'
import { keepChannels } from '../../store/alert-channels.ts'
import { addDelivery } from '../../store/alert-deliveries.ts'
import {
  type AlertChanges,
  type AlertFinding,
  listFiring,
  listHeldBack,
  recordFindings,
  setHold,
  type StoredAlert,
  wasToldSince,
} from '../../store/alerts.ts'
import type { Db } from '../../store/schema.ts'
import { listSilences, type Silence, silenceOf } from '../../store/silences.ts'
import { atomically } from '../../store/transaction.ts'
import type { App } from '../app.ts'
import { type CallRates, createCallRates } from './call-rates.ts'
import type { AlertSettings, Facts } from './facts.ts'
import { readFacts } from './read-facts.ts'
import { rules } from './rules/index.ts'
import type { Rule } from './rules/rule.ts'

/** `rates` keeps what it knows of the log from one pass to the next. */
export async function judgeAlerts(
  app: App,
  rates: CallRates = createCallRates(),
): Promise<AlertChanges> {
  const facts = await readFacts(app, rates)
  const { db } = await app.state()
  return judgeFacts(db, facts, {
    onTrouble: (error, rule) => app.warn(`${rule}: ${messageOf(error)}`, 'AlertRuleWarning'),
  })
}

/** The same with facts at hand. All of it is one transaction: an alert is never there without what was decided of it. */
export async function judgeFacts(
  db: Db,
  facts: Facts,
  {
    asked = rules,
    onTrouble = () => undefined,
  }: { asked?: readonly Rule[]; onTrouble?(error: unknown, rule: string): void } = {},
): Promise<AlertChanges> {
  const { now, settings } = facts
  const wanted = asked.filter(({ id }) => !settings.off.includes(id))
  const { findings, judged } = findAll(wanted, facts, onTrouble)
  return atomically(db, async (tx) => {
    const ids = wanted.map(({ id }) => id)
    const changes = await recordFindings(tx, { findings, now, judged, wanted: ids })
    await keepChannels(tx, settings.channels)
    await announce(tx, settings, now)
    return changes
  })
}

/** A rule that fails says nothing: what fires by it goes on, and the others are asked all the same. */
function findAll(
  wanted: readonly Rule[],
  facts: Facts,
  onTrouble: (error: unknown, rule: string) => void,
): { findings: AlertFinding[]; judged: string[] } {
  const findings: AlertFinding[] = []
  const judged: string[] = []
  for (const { id, severity, find } of wanted) {
    try {
      findings.push(...find(facts).map((found) => ({ severity, ...found, rule: id })))
      judged.push(id)
    } catch (error) {
      onTrouble(error, id)
    }
  }
  return { findings, judged }
}

/** Hands to the channels what nothing holds back any more. */
export async function announce(tx: Db, settings: AlertSettings, now: Date): Promise<void> {
  const silences = await listSilences(tx, now)
  await noteSilences(tx, silences)
  for (const alert of await listHeldBack(tx)) {
    if (silenceOf(silences, alert)) continue
    const channels = channelsFor(settings.channels, alert)
    if (alert.notice === 'resolved') await announceEnd(tx, alert, channels, now)
    else await announceFiring(tx, alert, { channels, settings, now })
  }
}

async function announceFiring(
  tx: Db,
  alert: StoredAlert,
  { channels, settings, now }: { channels: readonly string[]; settings: AlertSettings; now: Date },
): Promise<void> {
  if (channels.length === 0) return // one that is added later tells it, if it still fires
  if (await wasToldSince(tx, alert, new Date(now.getTime() - settings.cooldown))) return
  for (const service of channels)
    await addDelivery(tx, { service, alert: alert.id, notice: 'fired' }, now)
  await setHold(tx, alert.id, { notice: null, announced_at: now.toISOString() })
}

async function announceEnd(
  tx: Db,
  alert: StoredAlert,
  channels: readonly string[],
  now: Date,
): Promise<void> {
  for (const service of channels)
    await addDelivery(tx, { service, alert: alert.id, notice: 'resolved' }, now)
  await setHold(tx, alert.id, { notice: null })
}

/** No channel is told of itself: what it cannot deliver it cannot deliver, and telling so would go on for ever. */
const channelsFor = (channels: readonly string[], { subject }: StoredAlert): string[] =>
  channels.filter((name) => name !== subject)

/** Each alert that fires says which silence it is under. */
async function noteSilences(tx: Db, silences: readonly Silence[]): Promise<void> {
  for (const alert of await listFiring(tx)) {
    const id = silenceOf(silences, alert)?.id ?? null
    if (id !== alert.silencedBy) await setHold(tx, alert.id, { silenced_by: id })
  }
}
