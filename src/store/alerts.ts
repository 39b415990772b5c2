/** The alerts that fire or did. What channels have to tell of them: alert-deliveries.ts. */
import type { Selectable } from 'kysely'
import { newId } from '../core/ids.ts'
import { wholeId } from './by-id.ts'
import type { AlertStatus, Notice, Severity } from './schema-daemon.ts'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

export type { AlertStatus, Notice, Severity }

/** What is wrong now, as a rule sees it. One rule has one finding about a subject. */
export type AlertFinding = {
  rule: string
  /** What it is about: a service, a job, `queue`, `state`. */
  subject: string
  severity: Severity
  /** One line. */
  title: string
  detail: string
  /** One line that says what to do. */
  todo: string
  /** Of what piles up: how much there is. */
  count?: number | null
}

export type StoredAlert = AlertFinding & {
  id: string
  status: AlertStatus
  firedAt: string
  /** When it was last seen to hold. */
  seenAt: string
  resolvedAt: string | null
  /** What is held back. */
  notice: Notice | null
  /** When its firing was handed to the channels; null: it never was. */
  announcedAt: string | null
  /** When the first channel had delivered it. */
  toldAt: string | null
  /** Id of the silence that holds it back. */
  silencedBy: string | null
}

export type Judgement = {
  findings: readonly AlertFinding[]
  now: Date
  /** Rules that were asked. What fires by any other one stays as it is. */
  judged: readonly string[]
  /** Rules that somebody wants to hear of; what fires by another one ends without a word. */
  wanted: readonly string[]
}

/** How old `seen_at` may be while nothing else about an alert changes: a write each few seconds would be for nothing. */
const seenEveryMs = 60_000

/** What began to fire, and what is over. */
export type AlertChanges = {
  fired: (AlertFinding & { id: string })[]
  resolved: (AlertFinding & { id: string })[]
}

/** Joins what is wrong now with what fires: what is new begins to fire, what is over is resolved. */
export function recordFindings(db: Db, judgement: Judgement): Promise<AlertChanges> {
  return atomically(db, async (tx) => {
    const changes: AlertChanges = { fired: [], resolved: [] }
    const found = new Map(judgement.findings.map((finding) => [keyOf(finding), finding]))
    for (const row of await listFiring(tx)) {
      const finding = found.get(keyOf(row))
      found.delete(keyOf(row))
      if (finding) await keepFiring(tx, row, finding, judgement.now)
      else if (await resolveIfJudged(tx, row, judgement)) changes.resolved.push(row)
    }
    for (const finding of found.values()) {
      const id = newId()
      await beginFiring(tx, { ...finding, id }, judgement.now)
      changes.fired.push({ ...finding, id })
    }
    return changes
  })
}

const keyOf = ({ rule, subject }: Pick<AlertFinding, 'rule' | 'subject'>): string =>
  JSON.stringify([rule, subject])

async function keepFiring(tx: Db, row: StoredAlert, finding: AlertFinding, now: Date) {
  const { severity, title, detail, todo, count = null } = finding
  const isSame =
    row.severity === severity &&
    row.title === title &&
    row.detail === detail &&
    row.todo === todo &&
    row.count === count &&
    now.getTime() - Date.parse(row.seenAt) < seenEveryMs
  if (isSame) return
  const notice = isWorse(row, finding) ? 'fired' : row.notice
  await tx
    .updateTable('alerts')
    .set({ severity, title, detail, todo, count, seen_at: now.toISOString(), notice })
    .where('id', '=', row.id)
    .execute()
}

const severities: readonly Severity[] = ['low', 'medium', 'high']

/** Then it is told again: whoever was told of one dead letter has to hear of the next hundred. */
const isWorse = (former: AlertFinding, now: AlertFinding): boolean =>
  severities.indexOf(now.severity) > severities.indexOf(former.severity) ||
  (now.count ?? 0) > (former.count ?? 0)

/** That it is over is told to those who were told, or will be, that it was there. Returns whether it is. */
async function resolveIfJudged(
  tx: Db,
  row: StoredAlert,
  { now, judged, wanted }: Judgement,
): Promise<boolean> {
  const isWanted = wanted.includes(row.rule)
  if (isWanted && !judged.includes(row.rule)) return false
  await tx
    .updateTable('alerts')
    .set({
      status: 'resolved',
      resolved_at: now.toISOString(),
      notice: isWanted && row.announcedAt !== null ? 'resolved' : null,
    })
    .where('id', '=', row.id)
    .execute()
  return true
}

const beginFiring = (tx: Db, finding: AlertFinding & { id: string }, now: Date) =>
  tx
    .insertInto('alerts')
    .values({
      id: finding.id,
      rule: finding.rule,
      subject: finding.subject,
      severity: finding.severity,
      status: 'firing',
      title: finding.title,
      detail: finding.detail,
      todo: finding.todo,
      count: finding.count ?? null,
      fired_at: now.toISOString(),
      seen_at: now.toISOString(),
      notice: 'fired',
    })
    .execute()

/** Oldest first. */
export const listFiring = async (db: Db): Promise<StoredAlert[]> =>
  (
    await db.selectFrom('alerts').selectAll().where('status', '=', 'firing').orderBy('id').execute()
  ).map(toAlert)

/** What is held back, oldest first. */
export const listHeldBack = async (db: Db): Promise<StoredAlert[]> =>
  (
    await db
      .selectFrom('alerts')
      .selectAll()
      .where('notice', 'is not', null)
      .orderBy('id')
      .execute()
  ).map(toAlert)

/** Whether the same was announced, or delivered late, after an instant. */
export async function wasToldSince(
  db: Db,
  { rule, subject }: Pick<AlertFinding, 'rule' | 'subject'>,
  since: Date,
): Promise<boolean> {
  const after = since.toISOString()
  const row = await db
    .selectFrom('alerts')
    .select('id')
    .where('rule', '=', rule)
    .where('subject', '=', subject)
    .where('announced_at', 'is not', null)
    .where(({ eb, or }) => or([eb('announced_at', '>', after), eb('told_at', '>', after)]))
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export async function setHold(
  db: Db,
  id: string,
  hold: Partial<Pick<Selectable<Database['alerts']>, 'notice' | 'announced_at' | 'silenced_by'>>,
): Promise<void> {
  await db.updateTable('alerts').set(hold).where('id', '=', id).execute()
}

export type AlertFilter = { status?: AlertStatus; rule?: string; subject?: string; limit?: number }

/** Newest first. */
export async function listAlerts(
  db: Db,
  { status, rule, subject, limit = 100 }: AlertFilter = {},
): Promise<StoredAlert[]> {
  let query = db.selectFrom('alerts').selectAll()
  if (status) query = query.where('status', '=', status)
  if (rule) query = query.where('rule', '=', rule)
  if (subject) query = query.where('subject', '=', subject)
  const rows = await query.orderBy('fired_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
  return rows.map(toAlert)
}

/** What alerts that are kept are about. */
export async function alertSubjects(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('alerts').select('subject').distinct().execute()
  return rows.map(({ subject }) => subject)
}

/** By id or its beginning; undefined: none. Throws `usage` when several begin so. */
export async function findAlert(db: Db, idOrStart: string): Promise<StoredAlert | undefined> {
  const id = await wholeId(db, { table: 'alerts', what: 'alerts' }, idOrStart)
  if (id === undefined) return undefined
  const row = await db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toAlert(row)
}

export const toAlert = (row: Selectable<Database['alerts']>): StoredAlert => ({
  id: row.id,
  rule: row.rule,
  subject: row.subject,
  severity: row.severity,
  title: row.title,
  detail: row.detail,
  todo: row.todo,
  count: row.count,
  status: row.status,
  firedAt: row.fired_at,
  seenAt: row.seen_at,
  resolvedAt: row.resolved_at,
  notice: row.notice,
  announcedAt: row.announced_at,
  toldAt: row.told_at,
  silencedBy: row.silenced_by,
})
