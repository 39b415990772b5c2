import { CaravanError } from '../core/errors.ts'
import { propose, nearest } from '../core/nearest.ts'
import { listSources } from '../store/catalog/sources.ts'
import type { Db } from '../store/schema.ts'

/** Throws `source_unknown`, with the nearest right word, for a source of which nothing is kept. */
export async function refuseUnknownSource(db: Db, source: string): Promise<void> {
  const known = await listSources(db)
  if (known.includes(source)) return
  throw new CaravanError({
    code: 'source_unknown',
    message: `there is nothing of the source ${source} to write; no file was touched`,
    hint:
      known.length === 0
        ? 'Sync or import first.'
        : propose(nearest(source, known), `There are: ${known.join(', ')}.`),
  })
}
