/** Several processes that call one vendor on one state, and a vendor that counts what arrives. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import type { Guards } from '../calls/call.ts'
import { systemClock as clock } from '../core/clock.ts'
import { type Child, startChild } from './child.ts'

export type Plan = {
  state: string
  url: string
  inFlight: number
  /** Calls at most; left out: until the time is over or it is stopped. */
  count?: number
  forMs?: number
  /** Rest of each worker between two calls. */
  pauseMs?: number
  guards?: Partial<Guards>
  /** Begins when all of its crowd are ready; else at once. */
  waitsForAll?: boolean
}

export type Arrival = {
  /** On the monotonic clock of the test, in milliseconds. */
  atMs: number
  /** Of the process that sent it. */
  pid: number
}

export type CountingVendor = {
  url: string
  arrivals: Arrival[]
  /** Requests that were under way at the same time, at most. */
  mostAtOnce(): number
  /** Resolves when that many processes wait for the start. */
  gathered(count: number): Promise<void>
  /** Lets those who wait for the start begin. */
  go(): void
}

/** Answers as told; a handler that does not answer leaves the request hanging. */
export async function startCountingVendor(
  answer: (response: ServerResponse, arrival: Arrival) => unknown,
): Promise<CountingVendor> {
  const arrivals: Arrival[] = []
  let [underWay, most] = [0, 0]
  const ready: ServerResponse[] = []
  const server = createServer((request, response) => {
    if (request.url === '/go') {
      ready.push(response)
      return
    }
    const atMs = clock.monotonicMs()
    most = Math.max(most, ++underWay)
    response.once('close', () => underWay--)
    let text = ''
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    request.on('end', () => {
      const arrival = { atMs, pid: Number((JSON.parse(text) as { id: string }).id) }
      arrivals.push(arrival)
      void answer(response, arrival)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    mostAtOnce: () => most,
    async gathered(count) {
      await vi.waitUntil(() => ready.length >= count, { timeout: 60_000, interval: 10 })
    },
    go() {
      for (const response of ready.splice(0)) response.end('{}')
    },
  }
}

/** Starts that many processes with one plan. They are ready and begin together at `vendor.go()`. */
export async function gatherCrowd(
  vendor: CountingVendor,
  size: number,
  plan: Omit<Plan, 'url' | 'waitsForAll'>,
): Promise<Child[]> {
  const one = () => joinCrowd(vendor, { ...plan, waitsForAll: true })
  const crowd = Array.from({ length: size }, one)
  await vendor.gathered(size)
  return crowd
}

/** Starts one more, which begins at once unless told otherwise. */
export const joinCrowd = (vendor: CountingVendor, plan: Omit<Plan, 'url'>): Child =>
  startChild('crowd-child.ts', JSON.stringify({ ...plan, url: vendor.url }))

/** What the calls of a process came to, by word: `done`, or kind and code of the failure. */
export async function endsOf(child: Child): Promise<Record<string, number>> {
  const [line = '{}'] = await child.printed(1)
  return JSON.parse(line) as Record<string, number>
}

/** The most arrivals in any stretch of that length. */
export function busiest(arrivals: readonly Arrival[], ms: number): number {
  const times = arrivals.map(({ atMs }) => atMs).toSorted((a, b) => a - b)
  return Math.max(
    0,
    ...times.map((from) => times.filter((at) => at >= from && at < from + ms).length),
  )
}
