import type { Selectable } from 'kysely'
import { newId } from '../core/ids.ts'
import { fromJson } from './json.ts'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** A version of integrations.yaml that was loaded, placeholders unresolved. */
export type ConfigVersion = {
  id: string
  /** Counts up in the order of loading. */
  position: number
  /** Of the file; of `content` where something was masked in it, since a hash would help to guess a password. */
  sha256: string
  loadedAt: string
  /** Name of the operator. */
  loadedBy: string
  /** What loaded it, such as `config rollback`. */
  command: string
  /** Faults of the file. */
  faults: number
  /** Values of secrets that stood in clear are masked. */
  content: string
  parsed: unknown
  /** What changed against the version before, in a few words. */
  summary: string
}

export type NewConfigVersion = Omit<ConfigVersion, 'id' | 'position' | 'loadedAt'> & { now: Date }

export async function findConfigVersion(
  db: Db,
  position: number,
): Promise<ConfigVersion | undefined> {
  const row = await db
    .selectFrom('config_versions')
    .selectAll()
    .where('position', '=', position)
    .executeTakeFirst()
  return row && toVersion(row)
}

/** Cheap: every command asks for it. */
export async function latestConfigHash(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom('config_versions')
    .select('sha256')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.sha256
}

export async function latestConfigVersion(db: Db): Promise<ConfigVersion | undefined> {
  const [latest] = await listConfigVersions(db, { limit: 1 })
  return latest
}

/**
 * Keeps a version, unless the latest one has the same hash: then undefined. Content that comes back after another, as
 * after a rollback, is a new version, so that the list tells what was in force when. `make` is given the version before.
 */
export function saveConfigVersion(
  db: Db,
  sha256: string,
  make: (before: ConfigVersion | undefined) => Omit<NewConfigVersion, 'sha256'> | undefined,
): Promise<ConfigVersion | undefined> {
  return atomically(db, async (tx) => {
    const latest = await latestConfigVersion(tx)
    const version = latest?.sha256 === sha256 ? undefined : make(latest)
    if (!version) return undefined
    const row = {
      id: newId(),
      position: (latest?.position ?? 0) + 1,
      sha256,
      loaded_at: version.now.toISOString(),
      loaded_by: version.loadedBy,
      command: version.command,
      faults: version.faults,
      content: version.content,
      parsed: JSON.stringify(version.parsed ?? null),
      summary: version.summary,
    }
    await tx.insertInto('config_versions').values(row).execute()
    return toVersion(row)
  })
}

/** The latest first; `before` is the position the page before ended at. */
export async function listConfigVersions(
  db: Db,
  { limit = 20, before }: { limit?: number; before?: number } = {},
): Promise<ConfigVersion[]> {
  let query = db.selectFrom('config_versions').selectAll()
  if (before !== undefined) query = query.where('position', '<', before)
  const rows = await query.orderBy('position', 'desc').limit(limit).execute()
  return rows.map(toVersion)
}

const toVersion = (row: Selectable<Database['config_versions']>): ConfigVersion => ({
  id: row.id,
  position: row.position,
  sha256: row.sha256,
  loadedAt: row.loaded_at,
  loadedBy: row.loaded_by,
  command: row.command,
  faults: row.faults,
  content: row.content,
  parsed: fromJson(row.parsed),
  summary: row.summary,
})
