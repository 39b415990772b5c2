/** Names that stand in the state, for a person to choose from. Reads as little as it can, through indexes. */
import type { CallLogTables } from './schema-calls.ts'
import type { Database } from './schema.ts'
import type { Look } from './look.ts'

export type Named = { name: string; about: string }

/** The latest runs, the newest first. */
export async function recentRuns({ db }: Look<Database>, limit: number): Promise<Named[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'job', 'status', 'started_at'])
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ id, job, status, started_at }) => ({
    name: id,
    about: `${job}, ${status}, ${minuteOf(started_at)}`,
  }))
}

/** The latest calls, the newest first. */
export async function recentCalls({ db }: Look<CallLogTables>, limit: number): Promise<Named[]> {
  const rows = await db
    .selectFrom('calls')
    .select(['id', 'service', 'operation', 'outcome', 'started_at'])
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ id, service, operation, outcome, started_at }) => ({
    name: id,
    about: `${service} ${operation}, ${outcome}, ${minuteOf(started_at)}`,
  }))
}

export async function secretNames({ db }: Look<Database>): Promise<Named[]> {
  const rows = await db
    .selectFrom('secrets')
    .select(['name', 'updated_at'])
    .orderBy('name')
    .execute()
  return rows.map(({ name, updated_at }) => ({ name, about: `stored ${minuteOf(updated_at)}` }))
}

export async function keySlotNames({ db }: Look<Database>): Promise<Named[]> {
  const rows = await db
    .selectFrom('key_slots')
    .select(['id', 'kind', 'label'])
    .orderBy('created_at')
    .execute()
  return rows.map(({ id, kind, label }) => ({
    name: id,
    about: [kind, label].filter(Boolean).join(', '),
  }))
}

export async function configVersionNames({ db }: Look<Database>, limit: number): Promise<Named[]> {
  const rows = await db
    .selectFrom('config_versions')
    .select(['position', 'loaded_at', 'summary'])
    .orderBy('position', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ position, loaded_at, summary }) => ({
    name: String(position),
    about: `${minuteOf(loaded_at)}, ${summary}`,
  }))
}

const minuteOf = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`
