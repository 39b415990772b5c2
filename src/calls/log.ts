import type { Clock } from '../core/clock.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { type AttemptRow, type CallRow, insertAttempts, insertCalls } from '../store/calls.ts'
import type { LogDb } from '../store/schema.ts'
import type { Call } from './call.ts'
import { attemptRow, type CallEnd, callRow } from './log-rows.ts'

/**
 * Writes down every call and every request made for it, in batches: one insert for each would cost more than the call.
 * Nothing here throws or rejects: a log that cannot be written must not change what became of a call.
 */
export type CallLog = {
  exchange(call: Call, exchange: Exchange): void
  finish(call: Call, end: CallEnd): void
  flush(): Promise<void>
  close(): Promise<void>
}

const batchRows = 500
const batchBytes = 1_000_000
const batchMs = 100
/** Rows that wait while the log cannot be written, as on a full disk; beyond that the oldest are lost. */
const maxHeldRows = 1000

/** Makes room in the file before rows are written: `keepWithin` of the store. */
export type Keeper = { sliceBytes: number; makeRoom(bytes: number): Promise<void> }

const noKeeper: Keeper = { sliceBytes: batchBytes, makeRoom: async () => undefined }

/** `onTrouble` is told once when writing fails, and at the end how much was lost. */
export function createCallLog(
  db: LogDb,
  clock: Clock,
  onTrouble = warn,
  keeper = noKeeper,
): CallLog {
  let calls: CallRow[] = []
  let attempts: AttemptRow[] = []
  let writing: Promise<void> = Promise.resolve()
  let heldBytes = 0
  let timer: AbortController | undefined
  let isFailing = false
  let isTold = false
  let lost = 0

  const tell = (error: unknown): void => {
    if (!isTold) onTrouble(error)
    isTold = true
  }
  async function write(): Promise<void> {
    const [someCalls, someAttempts] = [calls, attempts]
    calls = []
    attempts = []
    heldBytes = 0
    try {
      // Whoever finds a call that has ended finds its requests, too.
      await inSlices(someAttempts, (slice) => insertAttempts(db, slice))
      await inSlices(someCalls, (slice) => insertCalls(db, slice))
      isFailing = false
    } catch (error) {
      isFailing = true
      calls = newest([...someCalls, ...calls])
      attempts = newest([...someAttempts, ...attempts])
      tell(error)
    }
  }
  /** What was written leaves `rows`, so that a failure keeps only the rest. */
  async function inSlices<Row extends object>(
    rows: Row[],
    insert: (slice: Row[]) => Promise<void>,
  ): Promise<void> {
    while (rows.length > 0) {
      const { count, bytes } = sliceOf(rows, keeper.sliceBytes)
      await keeper.makeRoom(bytes)
      await insert(rows.slice(0, count))
      rows.splice(0, count)
    }
  }
  const newest = <Row>(rows: Row[]): Row[] => {
    lost += Math.max(0, rows.length - maxHeldRows)
    return rows.slice(-maxHeldRows)
  }
  const flush = (): Promise<void> => {
    timer?.abort('written now')
    timer = undefined
    writing = writing.then(write)
    return writing
  }
  const soon = (): void => {
    const isMuch = calls.length + attempts.length >= batchRows || heldBytes >= batchBytes
    if (isMuch && !isFailing) return void flush()
    if (isFailing) {
      calls = newest(calls)
      attempts = newest(attempts)
    }
    if (timer) return
    timer = new AbortController()
    clock.sleep(batchMs, timer.signal).then(flush, () => undefined)
  }
  const hold = <Row extends object>(rows: Row[], row: Row): void => {
    rows.push(row)
    heldBytes += bytesOf(row)
  }
  const add = (put: () => void): void => {
    try {
      put()
      soon()
    } catch (error) {
      tell(error)
    }
  }

  return {
    exchange: (call, exchange) => add(() => hold(attempts, attemptRow(call, exchange))),
    finish: (call, end) => add(() => hold(calls, callRow(call, end, clock.now()))),
    flush,
    async close() {
      await flush()
      lost += calls.length + attempts.length
      if (lost > 0) onTrouble(incomplete(lost))
      lost = 0
      calls = []
      attempts = []
    },
  }
}

/** The first rows, at least one, that go into one transaction. */
function sliceOf(rows: readonly object[], most: number): { count: number; bytes: number } {
  let [count, bytes] = [0, 0]
  while (count < rows.length && count < batchRows) {
    const more = bytesOf(rows[count]!)
    if (count > 0 && bytes + more > most) break
    count += 1
    bytes += more
  }
  return { count, bytes }
}

/** About what a row takes on disk, its places in the indexes included. */
const bytesOf = (row: object): number =>
  Object.values(row).reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 8),
    600,
  )

const incomplete = (lost: number): CaravanError =>
  new CaravanError({
    code: 'state_io',
    message: `${lost} rows of the call log could not be written and are lost`,
    hint: 'The calls themselves were made. Free some space or repair the file beside the state.',
  })

const warn = (error: unknown): void => process.emitWarning(messageOf(error), 'CallLogWarning')
