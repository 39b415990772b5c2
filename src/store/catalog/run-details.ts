/** What a run did to each table, and what it found odd. Belongs into the transaction of the batch it tells about. */
import { sql } from 'kysely'
import type { Db } from '../schema.ts'

export type Counts = {
  created: number
  updated: number
  unchanged: number
  failed: number
  marked: number
}

export type Finding = { kind: string; file?: string; key?: string; text: string }

/** Findings of one kind that are kept; the others are only counted. */
const keptPerKind = 100

/** Collects findings in bounded memory. */
export class FindingBox {
  readonly kept: Finding[] = []
  readonly totals = new Map<string, number>()

  add(finding: Finding): void {
    const total = (this.totals.get(finding.kind) ?? 0) + 1
    this.totals.set(finding.kind, total)
    if (total <= keptPerKind) this.kept.push(finding)
  }
}

/** Adds to the counters of a run and table. */
export async function addCounts(
  tx: Db,
  runId: string,
  entity: string,
  counts: Partial<Counts>,
): Promise<void> {
  const { created = 0, updated = 0, unchanged = 0, failed = 0, marked = 0 } = counts
  await tx
    .insertInto('import_counts')
    .values({ run_id: runId, entity, created, updated, unchanged, failed, marked })
    .onConflict((conflict) =>
      conflict.columns(['run_id', 'entity']).doUpdateSet({
        created: sql<number>`import_counts.created + excluded.created`,
        updated: sql<number>`import_counts.updated + excluded.updated`,
        unchanged: sql<number>`import_counts.unchanged + excluded.unchanged`,
        failed: sql<number>`import_counts.failed + excluded.failed`,
        marked: sql<number>`import_counts.marked + excluded.marked`,
      }),
    )
    .execute()
}

/** Counters of a run by table, in the order of their names. */
export async function readCounts(db: Db, runId: string): Promise<Record<string, Counts>> {
  const rows = await db
    .selectFrom('import_counts')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('entity')
    .execute()
  return Object.fromEntries(
    rows.map(({ entity, created, updated, unchanged, failed, marked }) => [
      entity,
      { created, updated, unchanged, failed, marked },
    ]),
  )
}

/** Adds findings to those of a run: at most 100 of a kind are kept, all of them counted. */
export async function addFindings(tx: Db, runId: string, box: FindingBox): Promise<void> {
  if (box.totals.size === 0) return
  const totals = await findingTotals(tx, runId)
  const rows = []
  let seq = await lastFinding(tx, runId)
  const kept = new Map(Object.entries(totals))
  for (const { kind, file, key, text } of box.kept) {
    const count = (kept.get(kind) ?? 0) + 1
    kept.set(kind, count)
    if (count > keptPerKind) continue
    seq += 1
    rows.push({ run_id: runId, seq, kind, file: file ?? null, key: key ?? null, text })
  }
  if (rows.length > 0) await tx.insertInto('import_findings').values(rows).execute()
  await tx
    .insertInto('import_finding_totals')
    .values([...box.totals].map(([kind, total]) => ({ run_id: runId, kind, total })))
    .onConflict((conflict) =>
      conflict.columns(['run_id', 'kind']).doUpdateSet({
        total: sql<number>`import_finding_totals.total + excluded.total`,
      }),
    )
    .execute()
}

async function lastFinding(tx: Db, runId: string): Promise<number> {
  const { seq } = await tx
    .selectFrom('import_findings')
    .select((eb) => eb.fn.coalesce(eb.fn.max('seq'), sql<number>`0`).as('seq'))
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow()
  return Number(seq)
}

/** How many findings of each kind a run had. */
export async function findingTotals(db: Db, runId: string): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('import_finding_totals')
    .select(['kind', 'total'])
    .where('run_id', '=', runId)
    .orderBy('kind')
    .execute()
  return Object.fromEntries(rows.map(({ kind, total }) => [kind, total]))
}

/** The kept findings of a run, in the order they were met. */
export async function listFindings(db: Db, runId: string): Promise<Finding[]> {
  const rows = await db
    .selectFrom('import_findings')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('seq')
    .execute()
  return rows.map(({ kind, file, key, text }) => ({
    kind,
    file: file ?? undefined,
    key: key ?? undefined,
    text,
  }))
}
