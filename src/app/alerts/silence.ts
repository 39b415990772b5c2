/** Silences: what nobody wants to be told of for a while. */
import { CaravanError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { jobs } from '../../jobs/index.ts'
import { alertSubjects, listFiring } from '../../store/alerts.ts'
import {
  addSilence,
  endSilence,
  findSilence,
  listSilences,
  type Silence,
  silenceOf,
} from '../../store/silences.ts'
import type { EndedSilence, SilenceInfo } from '../answers/alerts.ts'
import type { App } from '../app.ts'
import { unknownName } from '../catalogue.ts'
import { readDurationFlag } from '../duration-flag.ts'
import { operatorName } from '../operator.ts'
import { rules } from './rules/index.ts'

export type SilenceFlags = { rule?: string; subject?: string; for?: string; reason?: string }

/** Holds from now on, for every process. Throws `usage`, `value_missing`, `rule_unknown`. */
export async function silenceAlerts(app: App, flags: SilenceFlags): Promise<SilenceInfo> {
  const rule = flags.rule?.trim() || null
  const subject = flags.subject?.trim() || null
  if (rule === null && subject === null) throw missing('what is to be silent?', both)
  if (rule !== null) requireRule(rule)
  if (flags.for === undefined)
    throw missing('how long is it to be silent?', 'Say it with --for, such as --for 2h.')
  const forMs = readDurationFlag('--for', flags.for)
  const reason = flags.reason?.trim()
  if (!reason) {
    throw missing(
      'why is it to be silent?',
      'Say it with --reason <text>: whoever wonders will read it.',
    )
  }
  const { db } = await app.state()
  const now = app.clock.now()
  const until = new Date(now.getTime() + forMs)
  const setBy = operatorName(app.env)
  const made = await addSilence(db, { rule, subject, reason, until, setBy, now })
  return (await informer(app))(made)
}

/** Of what alerts are that are about nothing with a name of its own: see rules/. */
const ownSubjects = ['config', 'dead', 'unknown', 'state', 'disk', 'listener']

/** That nothing has this name yet, with the nearest one that something has; undefined when something does. */
export async function strangeSubject(app: App, subject: string): Promise<string | undefined> {
  const { db } = await app.state()
  const { services } = await app.overview()
  const known = new Set([
    ...services.map(({ name }) => name),
    ...jobs.map(({ id }) => id),
    ...ownSubjects,
    ...(await alertSubjects(db)),
  ])
  if (known.has(subject.trim())) return undefined
  const near = nearest(subject, known)
  const words = `No service, job or past alert is named ${subject}`
  return near ? `${words}; did you mean ${near}?` : `${words}.`
}

const both = 'Name a rule with --rule, what it is about with --subject, or both.'

/** Those that hold, or all that are kept; newest first. */
export async function showSilences(app: App, { all = false } = {}): Promise<SilenceInfo[]> {
  const { db } = await app.state()
  const silences = await listSilences(db, app.clock.now(), { ended: all })
  return silences.map(await informer(app))
}

/** Ends one: what it held back and still fires is told. Throws `silence_unknown`, or `usage` when several begin so. */
export async function endSilenceNow(app: App, id: string): Promise<EndedSilence> {
  const { db } = await app.state()
  const silence = await findSilence(db, id)
  if (!silence) {
    throw new CaravanError({
      code: 'silence_unknown',
      message: `there is no silence ${id}`,
      hint: '"caravan alerts silences" lists them.',
    })
  }
  const now = app.clock.now()
  const changed = await endSilence(db, silence.id, now)
  const until = changed ? now.toISOString() : silence.until
  return { ...(await informer(app))({ ...silence, until }), changed }
}

async function informer(app: App): Promise<(silence: Silence) => SilenceInfo> {
  const { db } = await app.state()
  const firing = await listFiring(db)
  const now = app.clock.now().toISOString()
  return (silence) => {
    const ended = silence.until <= now
    return {
      id: silence.id,
      rule: silence.rule,
      subject: silence.subject,
      reason: silence.reason,
      until: silence.until,
      set_by: silence.setBy,
      set_at: silence.setAt,
      ended,
      firing: ended ? 0 : firing.filter((alert) => silenceOf([silence], alert)).length,
    }
  }
}

function requireRule(rule: string): void {
  const known = rules.map(({ id }) => id)
  if (known.includes(rule)) return
  throw unknownName('rule', rule, known, 'rule_unknown', 'caravan alerts rules')
}

const missing = (message: string, hint: string): CaravanError =>
  new CaravanError({ code: 'value_missing', message, hint })
