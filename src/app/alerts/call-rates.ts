/**
 * How the calls of each service went in a window of time. The log is followed: a pass reads only what is new since the
 * one before, so that it costs the same however much a window holds.
 */
import { setImmediate as turn } from 'node:timers/promises'
import {
  callsFrom,
  firstSeqSince,
  type JudgedCall,
  type TimedCall,
} from '../../store/alert-facts.ts'
import type { LogDb } from '../../store/schema.ts'

export type Rate = {
  calls: number
  failed: number
  /** Made for them, and how long the service took to answer these together: without what we waited before each. */
  requests: number
  requestMs: number
}

export const noCalls: Rate = { calls: 0, failed: 0, requests: 0, requestMs: 0 }

export type CallRates = {
  /** By service; one without calls in the window is not in it. */
  read(log: LogDb, window: { now: Date; ms: number }): Promise<Map<string, Rate>>
}

const minuteMs = 60_000
const batchRows = 2000

export function createCallRates(): CallRates {
  const buckets = new Map<number, Map<string, Rate>>()
  let nextSeq: number | undefined
  let startMs = Infinity

  function count(call: TimedCall): void {
    if (!tellsOfService(call)) return
    const minute = Math.floor(Date.parse(call.startedAt) / minuteMs)
    const bucket = buckets.get(minute) ?? new Map<string, Rate>()
    buckets.set(minute, bucket)
    bucket.set(call.service, added(bucket.get(call.service) ?? noCalls, rateOf(call)))
  }

  return {
    async read(log, { now, ms }) {
      const since = new Date(now.getTime() - ms)
      // A window that has grown, or a clock that went back, asks for calls that were passed over.
      if (nextSeq === undefined || since.getTime() < startMs) {
        buckets.clear()
        nextSeq = await firstSeqSince(log, since)
      }
      startMs = since.getTime()
      while (nextSeq !== undefined) {
        const calls = await callsFrom(log, nextSeq, batchRows)
        for (const call of calls) count(call)
        nextSeq = (calls.at(-1)?.seq ?? nextSeq - 1) + 1
        if (calls.length < batchRows) break
        await turn()
      }
      const first = Math.floor(since.getTime() / minuteMs)
      const rates = new Map<string, Rate>()
      for (const [minute, bucket] of buckets) {
        if (minute < first) buckets.delete(minute)
        else
          for (const [service, rate] of bucket)
            rates.set(service, added(rates.get(service) ?? noCalls, rate))
      }
      return rates
    },
  }
}

/** A test says nothing of what the service does for us, and neither does what was given up or still goes on. */
const tellsOfService = ({ operation, outcome, errorKind }: JudgedCall): boolean =>
  operation !== 'check' &&
  outcome !== 'running' &&
  outcome !== 'accepted' &&
  errorKind !== 'cancelled'

const rateOf = (call: TimedCall): Rate => ({
  calls: 1,
  failed: hasFailed(call) ? 1 : 0,
  requests: call.requests,
  requestMs: call.requestMs,
})

export const hasFailed = ({ outcome }: Pick<JudgedCall, 'outcome'>): boolean =>
  outcome === 'failed' || outcome === 'unknown'

const added = (one: Rate, other: Rate): Rate => ({
  calls: one.calls + other.calls,
  failed: one.failed + other.failed,
  requests: one.requests + other.requests,
  requestMs: one.requestMs + other.requestMs,
})
