import type { Clock } from '../core/clock.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { type AttemptRow, type CallRow, insertAttempts, insertCalls } from '../store/calls.ts'
import type { LogDb } from '../store/schema.ts'
import type { Call } from './call.ts'
import { attemptRow, callRow } from './log-rows.ts'

/**
 * Writes down every call and every request made for it, in batches: one insert for each would cost more than the call.
 * Nothing here throws or rejects: a log that cannot be written must not change what became of a call.
 */
export type CallLog = {
  exchange(call: Call, exchange: Exchange): void
  finish(call: Call, end: { output?: unknown; error?: unknown }): void
  flush(): Promise<void>
  close(): Promise<void>
}

const batchRows = 500
const batchMs = 100
/** Rows that wait while the log cannot be written, as on a full disk; beyond that the oldest are lost. */
const maxHeldRows = 1000

/** `onTrouble` is told once when writing fails, and at the end how much was lost. */
export function createCallLog(db: LogDb, clock: Clock, onTrouble = warn): CallLog {
  let calls: CallRow[] = []
  let attempts: AttemptRow[] = []
  let writing: Promise<void> = Promise.resolve()
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
    try {
      if (someCalls.length > 0) await insertCalls(db, someCalls)
      if (someAttempts.length > 0) await insertAttempts(db, someAttempts)
      isFailing = false
    } catch (error) {
      isFailing = true
      calls = newest([...someCalls, ...calls])
      attempts = newest([...someAttempts, ...attempts])
      tell(error)
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
    if (calls.length + attempts.length >= batchRows && !isFailing) return void flush()
    if (isFailing) {
      calls = newest(calls)
      attempts = newest(attempts)
    }
    if (timer) return
    timer = new AbortController()
    clock.sleep(batchMs, timer.signal).then(flush, () => undefined)
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
    exchange: (call, exchange) => add(() => attempts.push(attemptRow(call, exchange))),
    finish: (call, end) => add(() => calls.push(callRow(call, end, clock.now()))),
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

const incomplete = (lost: number): CaravanError =>
  new CaravanError({
    code: 'state_io',
    message: `${lost} rows of the call log could not be written and are lost`,
    hint: 'The calls themselves were made. Free some space or repair the file beside the state.',
  })

const warn = (error: unknown): void => process.emitWarning(messageOf(error), 'CallLogWarning')
