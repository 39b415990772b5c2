import type { Db } from '../schema.ts'

/** Names under which records are kept, such as `haier` and `1c`. */
export async function listSources(db: Db): Promise<string[]> {
  const found = await Promise.all(
    (['products', 'customers'] as const).map((table) =>
      db
        .selectFrom(table as 'products')
        .select('source')
        .distinct()
        .execute(),
    ),
  )
  return [...new Set(found.flat().map(({ source }) => source))].toSorted()
}
