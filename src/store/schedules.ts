/** When each job is due next, as some daemon has planned it. */
import { type NotNull, type Selectable, sql } from 'kysely'
import { rowsOf, valuesOf } from './dialect.ts'
import type { Database, Db } from './schema.ts'

export type Schedule = {
  job: string
  /** Cron and zone it was planned from. */
  spec: string
  /** Null: never again. */
  nextDueAt: string | null
  /** Every occurrence up to here has its row. */
  decidedUntil: string
  plannedAt: string
}

/** All of them, by job. */
export async function listSchedules(db: Db): Promise<Map<string, Schedule>> {
  const rows = await db.selectFrom('schedules').selectAll().orderBy('job').execute()
  return new Map(rows.map((row) => [row.job, toSchedule(row)]))
}

/** Jobs whose schedules are due, the longest due first. */
export async function dueJobs(db: Db, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('schedules')
    .select('job')
    .where('next_due_at', '<=', now.toISOString())
    .orderBy('next_due_at')
    .execute()
  return rows.map(({ job }) => job)
}

/** Of these jobs, those that are due. */
export async function dueSchedules(
  db: Db,
  jobs: readonly string[],
  now: Date,
): Promise<(Schedule & { nextDueAt: string })[]> {
  if (jobs.length === 0) return []
  const rows = await db
    .selectFrom('schedules')
    .selectAll()
    .where('job', 'in', valuesOf(jobs))
    .where('next_due_at', '<=', now.toISOString())
    .$narrowType<{ next_due_at: NotNull }>()
    .execute()
  return rows.map((row) => ({ ...toSchedule(row), nextDueAt: row.next_due_at }))
}

export async function findSchedule(db: Db, job: string): Promise<Schedule | undefined> {
  const row = await db.selectFrom('schedules').selectAll().where('job', '=', job).executeTakeFirst()
  return row && toSchedule(row)
}

const columns = ['job', 'spec', 'next_due_at', 'decided_until', 'planned_at'] as const

/** Puts new ones down and brings those that are there up to date. */
export async function saveSchedules(db: Db, schedules: readonly Schedule[]): Promise<void> {
  if (schedules.length === 0) return
  const rows = schedules.map(({ job, spec, nextDueAt, decidedUntil, plannedAt }) => [
    job,
    spec,
    nextDueAt,
    decidedUntil,
    plannedAt,
  ])
  const names = sql.join(columns.map((name) => sql.ref(name)))
  await sql`
    insert into schedules (${names}) select ${names} from ${rowsOf(columns, rows)} as given where true
    on conflict (job) do update set spec = excluded.spec, next_due_at = excluded.next_due_at,
      decided_until = excluded.decided_until, planned_at = excluded.planned_at`.execute(db)
}

/** Of jobs that are no longer scheduled. */
export async function removeSchedules(db: Db, jobs: readonly string[]): Promise<void> {
  if (jobs.length === 0) return
  await db.deleteFrom('schedules').where('job', 'in', valuesOf(jobs)).execute()
}

/** When any daemon last looked for what is due, as far as it was taken down. */
export async function lastTick(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom('daemons')
    .select(({ fn }) => fn.max('ticked_at').as('at'))
    .executeTakeFirst()
  return row?.at ?? undefined
}

const toSchedule = (row: Selectable<Database['schedules']>): Schedule => ({
  job: row.job,
  spec: row.spec,
  nextDueAt: row.next_due_at,
  decidedUntil: row.decided_until,
  plannedAt: row.planned_at,
})
