import { statSync } from 'node:fs'
import { sql, type Kysely } from 'kysely'
import { isTimeZone } from '../../core/time-zone.ts'
import type { Check, Finding } from './check.ts'
import type { Patient } from './patient.ts'
import { databaseFiles } from './paths.ts'
import { instantText, spanText } from './texts.ts'

const id = 'clock'

/** Other machines write into the same files, and their clocks are a little off. */
const toleranceMs = 5 * 60_000

export const clock: Check = {
  id,
  title: 'Clock and time zones',
  async run(patient) {
    const marks = [...(await marksOfState(patient)), ...(await marksOfFiles(patient))]
    return [...ofClock(marks, patient.now.getTime()), ...ofZones(patient)]
  },
}

/** An instant that something was written at, and what it was. */
type Mark = { at: string | number | null; of: string }

function ofClock(marks: Mark[], nowMs: number): Finding[] {
  const [newest] = marks
    .map(({ at, of }) => ({ of, ms: typeof at === 'string' ? Date.parse(at) : Number(at ?? 0) }))
    .toSorted((a, b) => b.ms - a.ms)
  if (!newest || !(newest.ms - nowMs > toleranceMs)) return []
  const now = instantText(new Date(nowMs))
  return [
    {
      check: id,
      severity: 'problem',
      what: `the clock says ${now}, and ${newest.of} is of ${instantText(new Date(newest.ms))}, ${spanText(newest.ms - nowMs)} later`,
      why: 'the clock was set back, or was ahead before; schedules, leases and signatures go by it',
      mend: 'Set the clock (timedatectl set-ntp true), then compare it with the vendors: caravan test --all',
    },
  ]
}

const columns = {
  state: [
    ['runs', 'heartbeat_at', 'the newest run'],
    ['secrets', 'updated_at', 'the newest secret'],
    ['config_versions', 'loaded_at', 'the newest version of the config'],
    ['switches', 'set_at', 'the newest switch'],
    ['limits', 'updated_ms', 'the newest request'],
  ],
  log: [['last_calls', 'at', 'the newest call']],
} as const

async function marksOfState(patient: Patient): Promise<Mark[]> {
  const [state, log] = await Promise.all([
    patient.state().catch(() => undefined),
    patient.log().catch(() => undefined),
  ])
  return [
    ...(state ? await newestOf(state.db as Kysely<unknown>, columns.state) : []),
    ...(log ? await newestOf(log.db as Kysely<unknown>, columns.log) : []),
  ]
}

async function newestOf(
  db: Kysely<unknown>,
  list: readonly (readonly [table: string, column: string, of: string])[],
): Promise<Mark[]> {
  const marks: Mark[] = []
  for (const [table, column, of] of list) {
    const query = sql<
      Pick<Mark, 'at'>
    >`select max(${sql.ref(column)}) as at from ${sql.table(table)}`
    // A table that is missing is the business of another check.
    const rows = await query.execute(db).then(
      ({ rows: found }) => found,
      () => [],
    )
    marks.push(...rows.map(({ at }) => ({ at, of })))
  }
  return marks
}

async function marksOfFiles(patient: Patient): Promise<Mark[]> {
  const state = await patient.statePath().catch(() => undefined)
  const paths = [patient.configFile(), ...(state ? databaseFiles(state) : [])]
  return paths.flatMap((path) => {
    const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })
    return stats && path ? [{ at: stats.mtimeMs, of: path }] : []
  })
}

function ofZones({ app }: Patient): Finding[] {
  const findings: Finding[] = []
  if (!isTimeZone('Asia/Shanghai')) {
    findings.push({
      check: id,
      severity: 'problem',
      what: 'this Node knows no time zones',
      why: 'schedules in a zone of their own cannot be followed',
      mend: 'Install a Node with full ICU data, as the official ones have.',
    })
  }
  const zone = app.env.TZ?.replace(/^:/, '')
  if (zone && !isTimeZone(zone) && !/^\/|^<|^[A-Za-z]{3,}[-+]?\d/.test(zone)) {
    findings.push({
      check: id,
      severity: 'warning',
      what: `TZ is ${zone}, which is no time zone`,
      why: 'local times are shown in UTC',
      mend: 'Set TZ to an IANA zone, such as Asia/Shanghai, or unset it.',
    })
  }
  return findings
}
