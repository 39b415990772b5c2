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
  sha256: string
  loadedAt: string
  /** Who loaded it: a command, or the daemon's watch. */
  loadedBy: string
  content: string
  parsed: unknown
  /** What changed against the version before, in a few words. */
  summary: string
}

export type NewConfigVersion = Omit<ConfigVersion, 'id' | 'position' | 'loadedAt'> & { now: Date }

/** The latest version with this content. */
export async function findConfigVersion(
  db: Db,
  sha256: string,
): Promise<ConfigVersion | undefined> {
  const row = await db
    .selectFrom('config_versions')
    .selectAll()
    .where('sha256', '=', sha256)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && toVersion(row)
}

export async function latestConfigVersion(db: Db): Promise<ConfigVersion | undefined> {
  const [latest] = await listConfigVersions(db, { limit: 1 })
  return latest
}

/**
 * Keeps a version, unless the latest one has the same content: then that one is returned. Content that comes back after
 * another, as after a rollback, is a new version, so that the list tells what was in force when.
 */
export function saveConfigVersion(db: Db, version: NewConfigVersion): Promise<ConfigVersion> {
  return atomically(db, async (tx) => {
    const latest = await latestConfigVersion(tx)
    if (latest?.sha256 === version.sha256) return latest
    const row = {
      id: newId(),
      position: (latest?.position ?? 0) + 1,
      sha256: version.sha256,
      loaded_at: version.now.toISOString(),
      loaded_by: version.loadedBy,
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
  content: row.content,
  parsed: fromJson(row.parsed),
  summary: row.summary,
})
