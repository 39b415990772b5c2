/**
 * Keeps the files within `max_size`. What gives way is the call log, its oldest calls first: it may take what the state
 * leaves of the limit, and always a tenth. A part of that is set aside for its write-ahead file, which grows while
 * readers hold on to an older view of the log.
 *
 * The room for rows is made before they are written, in the writing process itself and measured in the transaction
 * that deletes: however many processes write, each deletes only while the file is too full, so none needs a claim. The
 * state file is not shrunk (`auto_vacuum` must be said before the first table): what runs leave is used again.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import type { CallLogFile } from './call-log.ts'
import { type DeletedCalls, deleteOldest } from './calls.ts'
import { readPages } from './dialect.ts'
import type { LogDb } from './schema.ts'
import { stateSizes } from './sizes.ts'
import { atomically } from './transaction.ts'

/** In bytes. */
export type SizeBudget = {
  limit: number
  /** What the state takes now, and the call log, each with its write-ahead file. */
  state: number
  calls: number
  /** What the call log may take: the rest of the limit, at least a tenth of it. */
  callsShare: number
  /** The part of that share for the file itself; the other is for its write-ahead file. */
  fileShare: number
  writeAheadShare: number
  /** The state alone takes more than nine tenths: nothing that may be deleted can mend that. */
  isStateTooLarge: boolean
}

const mostAhead = 128_000_000

/** How `limit` (`retention.max_size`) is divided at this moment. Reads sizes alone; opens nothing. */
export function sizeBudget(statePath: string, limit: number): SizeBudget {
  const sizes = stateSizes(statePath)
  const state = sizes.state + sizes.stateWriteAhead
  const callsShare = Math.floor(Math.max(limit - state, limit / 10))
  const writeAheadShare = Math.min(Math.floor(callsShare / 4), mostAhead)
  return {
    limit,
    state,
    calls: sizes.calls + sizes.callsWriteAhead,
    callsShare,
    fileShare: callsShare - writeAheadShare,
    writeAheadShare,
    isStateTooLarge: state > limit * 0.9,
  }
}

/** Asked by the writer of the call log; nothing here is long, for calls are waiting in the same event loop. */
export type LogKeeper = {
  /** Bytes of rows that go into one transaction at most. */
  sliceBytes: number
  /**
   * Makes room for rows of so many bytes. Throws `state_busy` when a reader keeps the write-ahead file from being cut
   * and it has grown to its share: the limit holds, and the rows wait.
   */
  makeRoom(bytes: number): Promise<void>
}

/** The limit is read anew each time: a program that runs for months may be given another one. */
export type KeeperOptions = { statePath: string; readonly limit: number; clock: Clock }

/** Calls of one transaction. */
const callsPerBatch = 250
/** How long one try to cut the write-ahead file blocks the event loop, how long we try, and how often, in milliseconds. */
const blockMs = 5
const patienceMs = 3000
const tryEveryMs = 10

export function keepWithin(file: CallLogFile, options: KeeperOptions): LogKeeper {
  const { statePath, clock } = options
  const budget = () => sizeBudget(statePath, options.limit)
  const first = budget()
  file.writeThroughEvery(clamp(first.writeAheadShare / 4 / 4096, 16, 1000))
  let isPatient = true

  /** Short readers come and go: a moment without them is enough. One that stays is waited for once. */
  async function fitWriteAhead(growth: number): Promise<void> {
    const fits = (): boolean => {
      const { callsWriteAhead: size } = stateSizes(statePath)
      return size === 0 || size + growth <= budget().writeAheadShare
    }
    const giveUpAtMs = clock.monotonicMs() + (isPatient ? patienceMs : 0)
    while (!fits()) {
      file.cutWriteAhead(blockMs)
      if (fits()) break
      isPatient = clock.monotonicMs() < giveUpAtMs
      if (!isPatient) throw held(file.path)
      await clock.sleep(tryEveryMs)
    }
    isPatient = true
  }

  return {
    sliceBytes: clamp(first.callsShare / 16, 64_000, 1_000_000),
    async makeRoom(bytes) {
      const { fileShare } = budget()
      const growth = bytes * 2 + 160_000 // a transaction writes whole pages, those of ten indexes too
      const before = () => fitWriteAhead(growth)
      await trim(file.db, fileShare - bytes, { before })
      await giveBack(file, fileShare, { before })
      await before()
    },
  }
}

export type Trimming = {
  /** Before each transaction. */
  before?(): Promise<void>
  signal?: AbortSignal
  isOver?(): boolean
}

/** Deletes the oldest calls until what the file holds takes at most `bytes`. */
export async function trim(
  log: LogDb,
  bytes: number,
  { before, signal, isOver }: Trimming = {},
): Promise<DeletedCalls> {
  const deleted: DeletedCalls = { calls: 0, attempts: 0 }
  while ((await bytesHeld(log)) > bytes) {
    signal?.throwIfAborted()
    await before?.()
    const some = await atomically(log, async (tx: LogDb) => {
      const count = await callsTooMany(tx, bytes)
      return count > 0 ? deleteOldest(tx, Math.min(count, callsPerBatch)) : none
    })
    if (some.calls + some.attempts === 0) break
    deleted.calls += some.calls
    deleted.attempts += some.attempts
    if (isOver?.()) break
    await turn()
  }
  return deleted
}

/** By the average call, so that a batch of long ones does not take many more than it must; 0 when all fit. */
async function callsTooMany(tx: LogDb, bytes: number): Promise<number> {
  const held = await bytesHeld(tx)
  if (held <= bytes) return 0
  const { first, last } = await tx
    .selectFrom('calls')
    .select(({ fn }) => [fn.min('seq').as('first'), fn.max('seq').as('last')])
    .executeTakeFirstOrThrow()
  const calls = Number(last ?? 0) - Number(first ?? 0) + 1
  return Math.max(1, Math.ceil(((held - bytes) / held) * calls))
}

const none: DeletedCalls = { calls: 0, attempts: 0 }

/** Pages given back in one step; each blocks the event loop for a few milliseconds. */
const pagesPerStep = 100

/** Gives free pages back to the disk until the file takes at most `bytes`. In everyday use none is: they are used again. */
export async function giveBack(
  file: CallLogFile,
  bytes: number,
  { before, signal, isOver }: Trimming = {},
): Promise<void> {
  for (;;) {
    const { sizeBytes, total, free } = await readPages(file.db)
    const tooMany = Math.min(free, Math.ceil((total * sizeBytes - bytes) / sizeBytes))
    if (tooMany <= 0 || isOver?.()) return
    signal?.throwIfAborted()
    await before?.()
    const left = file.shrink(Math.min(tooMany, pagesPerStep))
    if (left >= free) return // made before the file could give pages back
    await turn()
  }
}

/** What a file holds, without the pages that are free, in bytes. */
export async function bytesHeld<Tables>(db: Kysely<Tables>): Promise<number> {
  const { sizeBytes, total, free } = await readPages(db)
  return (total - free) * sizeBytes
}

const clamp = (value: number, least: number, most: number): number =>
  Math.floor(Math.min(most, Math.max(least, value)))

const held = (path: string): CaravanError =>
  new CaravanError({
    code: 'state_busy',
    message: `Another process has been reading ${path} for so long that its -wal file has grown to its share of max_size`,
    hint: 'Calls are made all the same; the newest 1000 rows wait to be logged. Look for an open database shell or a stopped caravan process (ps, state T), or raise retention.max_size.',
  })
