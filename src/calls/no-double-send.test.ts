/**
 * Twins that act and then fail in every way, at random, with failover on. Prints what happened as one line of JSON.
 * `CARAVAN_SEED` repeats the draws, though not the order in which requests arrive.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { type AnyAdapter, defineAdapter, type Settlement } from '../core/adapter.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import type { Http } from '../core/http.ts'
import { defineKind } from '../core/kind.ts'
import { closedPort } from '../testing/dead-ends.ts'
import { drawsOf } from '../core/draws.ts'
import { type FaultyTwin, startFaultyTwin } from '../testing/faulty-twin.ts'
import { joinRoute, type Joined } from '../testing/route.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import type { CallResult } from './path.ts'
import type { Step } from './steps.ts'

const calls = process.env.CARAVAN_FAULTS === 'long' ? 10_000 : 2500
const inFlight = 40
const seed = Number(process.env.CARAVAN_SEED ?? Date.now() % 1_000_000)

it(
  `delivers no message twice and calls nothing done or failed that is not (CARAVAN_SEED=${seed})`,
  { timeout: 180_000 },
  async () => {
    const random = drawsOf(seed)
    const twins = [
      await startFaultyTwin(random),
      await startFaultyTwin(random),
      await startFaultyTwin(random),
    ]
    // Two share the first place, a third stands behind, and one whose port is closed is asked like the others.
    const route = await joinRoute(
      [
        { name: 'a', url: twins[0]!.url, priority: 1, weight: 60 },
        { name: 'b', url: twins[1]!.url, priority: 1, weight: 30 },
        { name: 'dead', url: `http://127.0.0.1:${await closedPort()}`, priority: 1, weight: 10 },
        { name: 'c', url: twins[2]!.url, priority: 2 },
      ].map((member) => ({ ...member, adapter })),
      {
        clock: hurried(10),
        random,
        timeoutMs: 10_000,
        attempts: 2,
        deadlineMs: 120_000,
        breaker: { failures: 1000, openForMs: 100 },
      },
    )
    const startedMs = systemClock.monotonicMs()

    const ends = await makeCalls(route, random)

    const found = compare(ends, { a: twins[0]!, b: twins[1]!, c: twins[2]! })
    const figures = { seed, ...found.figures, ...(await readLog(route, ends)) }
    const seconds = Math.round((systemClock.monotonicMs() - startedMs) / 100) / 10
    process.stdout.write(`${JSON.stringify({ test: 'no double send', ...figures, seconds })}\n`)
    expect(found.wrong).toEqual([])
    expect(figures.log_differs).toBe(0)
    // It was not made easy: breakers and refusals did not keep everything away from the twins.
    expect(figures.done).toBeGreaterThan(calls * 0.3)
    expect(figures.unknown).toBeGreaterThan(calls * 0.01)
    expect(figures.unknown_delivered).toBeGreaterThan(calls * 0.01)
    expect(figures.failed_over).toBeGreaterThan(calls * 0.03)
    expect(figures.settled_done).toBeGreaterThan(0)
    expect(figures.done_after_failure).toBeGreaterThan(0)
    expect(figures.settled_not_done).toBeGreaterThan(0)
    expect(figures.cancelled).toBeGreaterThan(0)
  },
)

const input = z.object({ id: z.string() })
const send = { effect: 'message', input, output: z.unknown(), summary: 'Sends' } as const
const kind = defineKind({
  id: 'trial',
  title: 'Trial',
  operations: { once: send, byKey: send, askable: send, askableByKey: send },
})
type Json = z.infer<typeof input>

const post = ({ http, idempotencyKey }: { http: Http; idempotencyKey?: string }, json: Json) =>
  http.json({
    method: 'POST',
    url: '/pay',
    json,
    headers: idempotencyKey === undefined ? {} : { 'x-key': idempotencyKey },
  })
const settle = ({ http }: { http: Http }, json: Json): Promise<Settlement<unknown>> =>
  http.json({ method: 'POST', url: '/status', json }) as Promise<Settlement<unknown>>

const adapter: AnyAdapter = defineAdapter({
  ...trialAdapter,
  kind,
  operations: {
    once: { repeat: 'once', run: ({ http }, json) => post({ http }, json) },
    byKey: { repeat: 'keyed', run: post },
    askable: { repeat: 'once', run: ({ http }, json) => post({ http }, json), settle },
    askableByKey: { repeat: 'keyed', run: post, settle },
  },
})

type End = {
  id: string
  callId: string
  outcome: 'done' | 'unknown' | 'failed'
  service: string | null
  isCancelled: boolean
}

async function makeCalls({ ask }: Joined, random: () => number): Promise<End[]> {
  const ends: End[] = []
  const operations = Object.keys(kind.operations)
  let next = 0
  async function work(): Promise<void> {
    while (next < calls) {
      const id = String(next++)
      const giveUp = random() < 0.02 ? AbortSignal.timeout(Math.floor(random() * 20)) : undefined
      const operation = operations[Math.floor(random() * operations.length)] ?? ''
      const end = await ask(operation, { id }, giveUp).then(doneAs(id), failedAs(id))
      ends.push(end)
      // With all breakers open the rest would be over in no time.
      if (end.outcome === 'failed') await pause(500)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, work))
  await pause(300) // what was given up may still be on its way to a twin
  return ends
}

const doneAs =
  (messageId: string) =>
  ({ id, service, outcome }: CallResult): End => {
    if (outcome !== 'done') throw new Error(`${messageId} ended ${outcome}`)
    return { id: messageId, callId: id, outcome, service, isCancelled: false }
  }

const failedAs =
  (id: string) =>
  (error: unknown): End => {
    if (!(error instanceof IntegrationError)) throw error
    const outcome = error.outcome === 'unknown' ? 'unknown' : 'failed'
    const { callId = '', service = null, kind: how } = error
    return { id, callId, outcome, service, isCancelled: how === 'cancelled' }
  }

/** What each end promises, against what the twins delivered. */
function compare(ends: readonly End[], twins: Readonly<Record<string, FaultyTwin>>) {
  const deliveries = (id: string) =>
    Object.entries(twins).flatMap(([name, { delivered }]) =>
      Array.from({ length: delivered.get(id) ?? 0 }, () => name),
    )
  const wrong: string[] = []
  const figures = {
    calls: ends.length,
    done: 0,
    unknown: 0,
    failed: 0,
    cancelled: 0,
    delivered: 0,
    unknown_delivered: 0,
  }
  for (const { id, outcome, service, isCancelled } of ends) {
    const by = deliveries(id)
    figures[outcome] += 1
    figures.delivered += by.length
    if (isCancelled) figures.cancelled += 1
    if (outcome === 'unknown') figures.unknown_delivered += by.length
    const isRight =
      outcome === 'done' ? by.join() === service : by.length <= (outcome === 'unknown' ? 1 : 0)
    if (!isRight)
      wrong.push(`${id} is ${outcome} at ${service} and was delivered by [${by.join()}]`)
    if (outcome === 'unknown' && by.some((name) => name !== service)) {
      wrong.push(`${id} is unknown at ${service} and was delivered by ${by.join()}`)
    }
  }
  const all = Object.values(twins).flatMap(({ delivered }) => [...delivered.values()])
  if (all.reduce((sum, count) => sum + count, 0) !== figures.delivered) {
    wrong.push('something was delivered for which there was no call')
  }
  return { wrong, figures }
}

/** What the log says of the same calls. */
async function readLog({ logged }: Joined, ends: readonly End[]) {
  const { calls: rows, attempts } = await logged()
  const outcomes = new Map(rows.map(({ id, outcome }) => [id, outcome]))
  const steps = rows.map((row) => JSON.parse(row.steps ?? '[]') as Step[])
  const having = (test: (step: Step) => boolean) => steps.filter((some) => some.some(test)).length
  const settledAs = (text: string) =>
    having((step) => step.what === 'settled' && step.text === `the vendor says that it was ${text}`)
  const doubted = new Set(
    attempts.filter(({ error }) => error !== null).map(({ call_id: id }) => id),
  )
  return {
    requests: attempts.length,
    failed_over: having(({ what }) => what === 'failover'),
    repeated: having(({ what }) => what === 'retry'),
    refused_by_breaker: having(({ what }) => what === 'breaker'),
    settled_done: settledAs('done'),
    settled_not_done: settledAs('not done'),
    done_after_failure: rows.filter(({ id, outcome }) => outcome === 'done' && doubted.has(id))
      .length,
    log_differs: ends.filter(({ callId, outcome }) => outcomes.get(callId) !== outcome).length,
  }
}

/** Everything that waits takes a tenth of its time: an hour of timeouts and pauses would tell nothing more. */
function hurried(times: number): Clock {
  const startedMs = systemClock.now().getTime()
  const monotonicMs = () => systemClock.monotonicMs() * times
  const beganMs = monotonicMs()
  return {
    now: () => new Date(startedMs + monotonicMs() - beganMs),
    monotonicMs,
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  }
}
