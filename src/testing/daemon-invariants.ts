/** What must hold of a state whatever happened to the daemon that worked on it; see section 4 of platform-reliability. */
import { hostname } from 'node:os'
import Sqlite from 'better-sqlite3'
import { systemClock } from '../core/clock.ts'
import { isAlive } from '../store/process-identity.ts'
import { found } from './canaries.ts'
import type { Project } from './program.ts'

export type InvariantOptions = {
  /** Planted values that may stand in none of the files. */
  secrets?: readonly string[]
  /** What the processes have printed; no secret may stand there either. */
  printed?: string
  /** Only the first run of haier-products, with its continuations, has saved products: what is stored is what its checkpoint says. */
  isFirstImport?: boolean
  /** A daemon is at work, and may have runs of its own. */
  isRunning?: boolean
}

/** What does not hold, in words; empty when all does. */
export function brokenInvariants(
  home: Pick<Project, 'file' | 'everything'>,
  options: InvariantOptions = {},
): string[] {
  const db = new Sqlite(home.file('caravan.db'), { readonly: true })
  try {
    return [
      ...wholeness(db),
      ...lostRuns(db, options),
      ...doubles(db),
      ...ledgerFaults(db, options),
      ...(options.isFirstImport ? importFaults(db) : []),
      ...leaks(home, options),
    ]
  } finally {
    db.close()
  }
}

type Handle = InstanceType<typeof Sqlite>
type Owned = { host: string; pid: number; process_started_at: string | null }

const all = <Row>(db: Handle, query: string): Row[] => db.prepare(query).all() as Row[]

function wholeness(db: Handle): string[] {
  const whole = String(db.pragma('integrity_check', { simple: true }))
  const keys = db.pragma('foreign_key_check') as unknown[]
  return [
    ...(whole === 'ok' ? [] : [`integrity_check: ${whole}`]),
    ...(keys.length === 0 ? [] : [`foreign_key_check: ${keys.length} rows`]),
  ]
}

const isGone = ({ host, pid, process_started_at: startedAt }: Owned): boolean =>
  host === hostname() && !isAlive({ host, pid, startedAt })

/** A run that nobody goes on with must not be called running once a daemon has begun after it. */
function lostRuns(db: Handle, { isRunning = false }: InvariantOptions): string[] {
  type Row = Owned & { id: string; lease_until: string }
  const now = systemClock.now().toISOString()
  return all<Row>(db, "select * from runs where status = 'running'").flatMap((run) => {
    if (isGone(run)) return [`run ${run.id} is running, and its process ${run.pid} is gone`]
    if (run.lease_until <= now) return [`run ${run.id} is running, and its lease is over`]
    return isRunning ? [] : [`run ${run.id} is running, and no daemon is`]
  })
}

/** The keys say so too; asked anew, for a damaged index would not. */
function doubles(db: Handle): string[] {
  const twice = (table: string, columns: string): string[] =>
    all<{ times: number }>(
      db,
      `select count(*) as times from ${table} not indexed group by ${columns} having count(*) > 1`,
    ).map(({ times }) => `${table}: the same ${columns} ${times} times`)
  return [
    ...twice('products', 'source, external_id'),
    ...twice('stock', 'source, external_id'),
    ...twice('occurrences', 'job, due_at'),
    ...twice('outbox', 'id'),
  ]
}

type OccurrenceRow = Owned & {
  job: string
  due_at: string
  status: string
  run_id: string | null
  finished_at: string | null
}

/** Each occurrence that began has its run, each that is over has an end, and none is left with a process that is gone. */
function ledgerFaults(db: Handle, { isRunning = false }: InvariantOptions): string[] {
  const runs = new Map(
    all<{ id: string; status: string }>(db, 'select id, status from runs').map((run) => [
      run.id,
      run.status,
    ]),
  )
  return all<OccurrenceRow>(db, 'select * from occurrences').flatMap((one) => {
    const name = `the occurrence of ${one.job} at ${one.due_at}`
    const faults: string[] = []
    const isOver = !['running', 'waiting', 'interrupted'].includes(one.status)
    if (isOver && one.finished_at === null) faults.push(`${name} is ${one.status} without an end`)
    if (one.run_id !== null && !runs.has(one.run_id)) faults.push(`${name} has lost its run`)
    if (one.status === 'success' && runs.get(one.run_id ?? '') !== 'success') {
      faults.push(`${name} is a success, and its run is ${runs.get(one.run_id ?? '')}`)
    }
    if (one.status === 'running' && (!isRunning || isGone(one))) {
      faults.push(`${name} is running, and its process is gone`)
    }
    return faults
  })
}

/** No partial batch, and nothing acknowledged that is not stored: what is stored is what stands before the checkpoint. */
function importFaults(db: Handle): string[] {
  const [kept] = all<{ value: string }>(
    db,
    "select value from checkpoints where job like 'haier-products#%'",
  )
  const [{ stored } = { stored: 0 }] = all<{ stored: number }>(
    db,
    'select count(*) as stored from products',
  )
  const faults: string[] = []
  if (kept) {
    const { listing, seq } = JSON.parse(kept.value) as { listing: string; seq: number }
    const count = (condition: string): number =>
      (
        db
          .prepare(
            `select count(*) as count from listing_items as item where listing_id = ? and ${condition}`,
          )
          .get(listing, seq) as { count: number }
      ).count
    const isStored = 'exists (select 1 from products where external_id = item.external_id)'
    const missing = count(`seq <= ? and not ${isStored}`)
    const early = count(`seq > ? and ${isStored}`)
    if (missing > 0) faults.push(`${missing} products before the checkpoint are not stored`)
    if (early > 0) faults.push(`${early} products behind the checkpoint are stored`)
  }
  const [run] = all<{ counters: string }>(
    db,
    "select sum(counters ->> 'created') as counters from runs where trigger <> 'dry-run'",
  )
  const created = Number(run?.counters ?? 0)
  if (created !== stored) faults.push(`${created} products are reported, ${stored} are stored`)
  return faults
}

function leaks(home: Pick<Project, 'everything'>, options: InvariantOptions): string[] {
  const { secrets = [], printed = '' } = options
  if (secrets.length === 0) return []
  return [
    ...found(secrets, Buffer.from(home.everything(), 'latin1')).map((one) => `in a file: ${one}`),
    ...found(secrets, printed).map((one) => `printed: ${one}`),
  ]
}
