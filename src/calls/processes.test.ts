/** Two processes on one state file. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { changeBreaker } from '../store/breakers.ts'
import { startChild } from '../testing/child.ts'
import { fileState } from '../testing/state.ts'
import { type BreakerState, closedBreaker } from './breaker-state.ts'

async function startCounter(status: number) {
  let count = 0
  const server = createServer((_, response) => {
    count++
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, count: () => count }
}

it('the breaker counts failures over both, and then neither sends anything', async () => {
  const { state } = await fileState()
  const server = await startCounter(500)

  const first = startChild('calls-child.ts', state.path, server.url, '3', '1')
  await first.ended
  const second = startChild('calls-child.ts', state.path, server.url, '4', '1')
  await second.ended

  expect(first.lines()).toEqual(['unavailable ', 'unavailable ', 'unavailable '])
  expect(second.lines().slice(-2)).toEqual(['unavailable breaker_open', 'unavailable breaker_open'])
  expect(server.count()).toBe(5)
})

it('half-open lets exactly one probe through, over both', async () => {
  const { state } = await fileState()
  const server = await startCounter(500)
  const rules = { failures: 1, openForMs: 60_000 }
  await changeBreaker<BreakerState>(state.db, 'trial', closedBreaker(rules), (breaker) => ({
    ...breaker,
    status: 'open',
    openUntilMs: 1,
  }))

  const children = [1, 2].map(() =>
    startChild('calls-child.ts', state.path, server.url, '20', '20'),
  )
  await Promise.all(children.map(({ ended }) => ended))

  expect(server.count()).toBe(1)
})

const perSecond = 100

/** When each request left, in milliseconds, over two processes that ask for more than the limit allows. */
async function departures(): Promise<number[]> {
  const { state, log } = await fileState()
  const server = await startCounter(200)
  const words = [state.path, server.url, '150', '16', String(perSecond)]
  const children = [1, 2].map(() => startChild('calls-child.ts', ...words))
  await Promise.all(children.map(({ ended }) => ended))
  const rows = await log.db
    .selectFrom('attempts')
    .select('started_at')
    .orderBy('started_at')
    .execute()
  expect(rows).toHaveLength(server.count())
  return rows.map(({ started_at }) => Date.parse(started_at))
}

it('a limit is never passed in any second, over both', async () => {
  const sentMs = await departures()

  const windows = sentMs.map((from) => sentMs.filter((ms) => ms >= from && ms < from + 1000).length)
  expect(Math.max(...windows)).toBeLessThanOrEqual(perSecond)
})
