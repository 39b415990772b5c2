import type { Selectable } from 'kysely'
import { isAlive, type ProcessIdentity, thisProcess } from './process-identity.ts'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** A daemon, as it last said of itself. Instants are ISO 8601, UTC. */
export type DaemonInfo = {
  id: string
  version: string
  host: string
  pid: number
  processStartedAt: string | null
  startedAt: string
  heartbeatAt: string
  leaseUntil: string
  /** When its scheduler last looked for what is due. */
  tickedAt: string | null
  /** Set when it ended in order, or another one took its place. */
  stoppedAt: string | null
  /** `127.0.0.1:8787`, while it listens. */
  listensAt: string | null
  /** Why it does not listen where the config says; it may still do so where a former one said. */
  listenError: string | null
  configLoadedAt: string | null
  /** Why the config file as it stands now is not in force; null: it is. */
  configError: string | null
}

/** How long a daemon is believed to be there without hearing of it, and how often it says so, in milliseconds. */
export const daemonLeaseMs = 30_000
export const daemonBeatMs = 5000

/** Ended ones that are kept, for those who wonder what happened. */
const mostKept = 20

export type NewDaemon = { id: string; version: string; now: Date; process?: ProcessIdentity }

/**
 * Makes this process the daemon of the state. The rows of those that are gone, and of `replaced`, are closed. Returns the
 * one that stands in the way, and then nothing was changed.
 */
export function enterDaemon(
  db: Db,
  { id, version, now, process = thisProcess() }: NewDaemon,
  replaced?: string,
): Promise<DaemonInfo | undefined> {
  return atomically(db, async (tx) => {
    const others = (await openRows(tx)).filter((one) => one.id !== replaced && !isGone(one))
    if (others[0]) return others[0]
    const at = now.toISOString()
    await tx
      .updateTable('daemons')
      .set({ stopped_at: at })
      .where('stopped_at', 'is', null)
      .execute()
    await forgetOld(tx)
    await tx
      .insertInto('daemons')
      .values({
        id,
        version,
        host: process.host,
        pid: process.pid,
        process_started_at: process.startedAt,
        started_at: at,
        ...leaseFrom(now),
      })
      .execute()
    return undefined
  })
}

const leaseFrom = (now: Date) => ({
  heartbeat_at: now.toISOString(),
  lease_until: new Date(now.getTime() + daemonLeaseMs).toISOString(),
})

async function forgetOld(tx: Db): Promise<void> {
  const kept = tx.selectFrom('daemons').select('id').orderBy('started_at', 'desc').limit(mostKept)
  await tx
    .deleteFrom('daemons')
    .where('stopped_at', 'is not', null)
    .where('id', 'not in', kept)
    .execute()
}

/** Says that the daemon is still there, and tells how it stands. Undefined: it has lost its place to another one. */
export async function beatDaemon(db: Db, id: string, now: Date): Promise<DaemonInfo | undefined> {
  const row = await db
    .updateTable('daemons')
    .set(leaseFrom(now))
    .where('id', '=', id)
    .where('stopped_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
  return row && toInfo(row)
}

/** The scheduler has looked for what is due. */
export const noteTick = (db: Db, id: string, at: Date): Promise<void> =>
  note(db, id, { ticked_at: at.toISOString() })

/** Null: it no longer listens. */
export const noteListening = (db: Db, id: string, address: string | null): Promise<void> =>
  note(db, id, { listens_at: address, listen_error: null })

/** It cannot listen where it should; null: that is over. */
export const noteListenError = (db: Db, id: string, error: string | null): Promise<void> =>
  note(db, id, { listen_error: error })

/** `loadedAt`: a version of the config came into force. */
export const noteConfig = (
  db: Db,
  id: string,
  { loadedAt, error }: { loadedAt?: Date; error: string | null },
): Promise<void> =>
  note(db, id, {
    config_error: error,
    ...(loadedAt ? { config_loaded_at: loadedAt.toISOString() } : {}),
  })

/** It has ended in order. */
export const leaveDaemon = (db: Db, id: string, at: Date): Promise<void> =>
  note(db, id, { stopped_at: at.toISOString(), listens_at: null, listen_error: null })

async function note(db: Db, id: string, set: Partial<Selectable<Database['daemons']>>) {
  await db
    .updateTable('daemons')
    .set(set)
    .where('id', '=', id)
    .where('stopped_at', 'is', null)
    .execute()
}

/** The daemon that works on the state now; undefined when none does. */
export async function currentDaemon(db: Db, now: Date): Promise<DaemonInfo | undefined> {
  const rows = await openRows(db)
  return rows.find((one) => !isGone(one) && (isHere(one) || !isLeaseOver(one, now)))
}

/** The latest one, whatever became of it; undefined when there never was one. */
export async function latestDaemon(db: Db): Promise<DaemonInfo | undefined> {
  const row = await db
    .selectFrom('daemons')
    .selectAll()
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && toInfo(row)
}

export const isHere = ({ host }: DaemonInfo): boolean => host === thisProcess().host

export const isLeaseOver = ({ leaseUntil }: DaemonInfo, now: Date): boolean =>
  Date.parse(leaseUntil) <= now.getTime()

/** On this host that is known at once. */
const isGone = (one: DaemonInfo): boolean =>
  isHere(one) && !isAlive({ host: one.host, pid: one.pid, startedAt: one.processStartedAt })

async function openRows(db: Db): Promise<DaemonInfo[]> {
  const rows = await db
    .selectFrom('daemons')
    .selectAll()
    .where('stopped_at', 'is', null)
    .orderBy('started_at', 'desc')
    .execute()
  return rows.map(toInfo)
}

const toInfo = (row: Selectable<Database['daemons']>): DaemonInfo => ({
  id: row.id,
  version: row.version,
  host: row.host,
  pid: row.pid,
  processStartedAt: row.process_started_at,
  startedAt: row.started_at,
  heartbeatAt: row.heartbeat_at,
  leaseUntil: row.lease_until,
  tickedAt: row.ticked_at,
  stoppedAt: row.stopped_at,
  listensAt: row.listens_at,
  listenError: row.listen_error,
  configLoadedAt: row.config_loaded_at,
  configError: row.config_error,
})
