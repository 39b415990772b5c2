import type { Db } from '../schema.ts'
import type { StagedRecord } from './stage-records.ts'
import { staged } from './staging.ts'

export type NamedPriceType = { id: string; name?: string; currency?: string }

/** Price types of a source: those in the table, those that are staged, and those that only prices name. */
export async function readPriceTypes(
  db: Db,
  source: string,
  priced: ReadonlySet<string>,
): Promise<NamedPriceType[]> {
  const types = new Map<string, NamedPriceType>()
  const stored = await db
    .selectFrom('price_types')
    .select(['external_id', 'name', 'currency'])
    .where('source', '=', source)
    .where('status', '=', 'active')
    .orderBy('external_id')
    .execute()
  for (const { external_id: id, name, currency } of stored) {
    types.set(id, { id, name, currency: currency ?? undefined })
  }
  const waiting = await staged(db)
    .selectFrom('staged_records')
    .select('body')
    .where('entity', '=', 'price_types')
    .orderBy('external_id')
    .execute()
  for (const { body } of waiting) {
    const { externalId: id, values } = JSON.parse(body) as StagedRecord<'price_types'>
    types.set(id, { id, name: values.name, currency: values.currency ?? undefined })
  }
  for (const id of priced) if (!types.has(id)) types.set(id, { id })
  return [...types.values()]
}
