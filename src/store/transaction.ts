import { setImmediate as turn } from 'node:timers/promises'
import type { Kysely, Transaction } from 'kysely'

/** Runs `work` in one immediate transaction, or in the one that `db` already is. */
export function atomically<Tables, T>(
  db: Kysely<Tables>,
  work: (tx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return db.isTransaction ? work(db as Transaction<Tables>) : db.transaction().execute(work)
}

export type WriteOptions = {
  /** Rows of one transaction; 500 blocks the event loop for about 20 ms. */
  size?: number
  signal?: AbortSignal
}

/**
 * Writes many items: one immediate transaction for each batch and a turn of the event loop after it, so that other work
 * goes on and SQLite's own objects are freed. What was committed before a failure or an abort stays.
 */
export async function writeBatches<Tables, Item>(
  db: Kysely<Tables>,
  items: Iterable<Item> | AsyncIterable<Item>,
  write: (tx: Transaction<Tables>, batch: Item[]) => Promise<unknown>,
  { size = 500, signal }: WriteOptions = {},
): Promise<void> {
  const save = async (batch: Item[]) => {
    signal?.throwIfAborted()
    await db.transaction().execute((tx) => write(tx, batch))
    await turn()
  }
  let batch: Item[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    await save(batch)
    batch = []
  }
  if (batch.length > 0) await save(batch)
}
