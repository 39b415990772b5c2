/** What a call costs beside the bare request it makes: CPU per call of the whole path, logged, on one loopback server. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import ky from 'ky'
import pRetry from 'p-retry'
import { z } from 'zod'
import { createCallLog } from '../../src/calls/log.ts'
import { createCallPath } from '../../src/calls/path.ts'
import { createRedactor } from '../../src/calls/redact.ts'
import { defineAdapter } from '../../src/core/adapter.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createCredentialCache } from '../../src/core/credentials.ts'
import { defineKind } from '../../src/core/kind.ts'
import { defineTwin } from '../../src/core/twin.ts'
import { openCallLog } from '../../src/store/call-log.ts'
import { callLogPath } from '../../src/store/files.ts'
import { createState, openState } from '../../src/store/open.ts'
import type { Measure } from './measure.ts'

/** Yields CPU per call, user and system together, in microseconds, against `fetch` and `ky` measured in the same run. */
export async function* benchCalls({ quick }: { quick: boolean }): AsyncGenerator<Measure> {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-bench-'))
  const server = await startServer()
  const full = await openFullPath(folder, server.url)
  const naive = openNaiveStack(folder, server.url)
  const ways: Record<string, () => Promise<unknown>> = {
    fetch: async () => (await fetch(server.url)).json(),
    ky: () => ky.get(server.url).json(),
    naive: naive.call,
    path: full.call,
  }
  try {
    for (const inFlight of [16, 1]) {
      const count = (quick ? 2000 : 10_000) / (inFlight === 1 ? 2 : 1)
      const best = await measure(ways, count, inFlight)
      for (const reference of ['fetch', 'ky', 'naive']) {
        const [figure = 0, referenceFigure = 0] = [best.path, best[reference]]
        const ratio = Number((figure / referenceFigure).toFixed(2))
        const name = `call, whole path with log, ${inFlight} in flight`
        yield { name, figure, unit: 'us CPU/call', reference, referenceFigure, ratio }
      }
    }
  } finally {
    await full.close()
    naive.close()
    server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The ways by turns, so that a busy machine hits all alike; the best of three rounds after one to warm up. */
async function measure(
  ways: Record<string, () => Promise<unknown>>,
  count: number,
  inFlight: number,
): Promise<Record<string, number>> {
  const best: Record<string, number> = {}
  for (let round = 0; round < 4; round++) {
    for (const [way, call] of Object.entries(ways)) {
      const us = await cpuOf(call, count, inFlight)
      if (round > 0) best[way] = Math.min(best[way] ?? Infinity, us)
    }
  }
  return best
}

async function cpuOf(call: () => Promise<unknown>, count: number, inFlight: number) {
  let left = count
  const worker = async () => {
    while (left-- > 0) await call()
  }
  const start = process.cpuUsage()
  await Promise.all(Array.from({ length: inFlight }, worker))
  const { user, system } = process.cpuUsage(start)
  return Math.round((user + system) / count)
}

/** In a process of its own: its CPU is not ours. */
async function startServer(): Promise<{ url: string; stop(): void }> {
  const script = `
    const server = require('node:http').createServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{"id":1,"name":"a product","price":1999}')
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  return { url: `http://127.0.0.1:${Number(line)}/`, stop: () => void child.kill() }
}

const kind = defineKind({
  id: 'bench',
  title: 'Bench',
  operations: {
    get: {
      summary: 'Reads one product',
      effect: 'read',
      input: z.object({ id: z.string() }),
      output: z.object({ name: z.string() }),
    },
  },
})

const adapter = defineAdapter({
  id: 'bench',
  kind,
  title: 'Bench',
  docs: 'https://example.com',
  config: z.object({ base_url: z.string() }),
  limits: { timeoutMs: 10_000, concurrent: 64 },
  http: {
    baseUrl: (config) => config.base_url,
    authorize: (request) => void (request.headers.authorization = 'Bearer a-token'),
  },
  operations: {
    get: {
      repeat: 'safe',
      run: async ({ http }) => (await http.json({ method: 'GET', url: '/' })) as { name: string },
    },
  },
  check: () => Promise.resolve('fine'),
  twin: defineTwin({
    options: z.object({}),
    config: () => ({}),
    create: () => ({ handle: () => ({}), stats: () => ({}) }),
  }),
})

/** What one would write first: ky in p-retry, and an insert for each call. No breaker, no limit, no redaction. */
function openNaiveStack(folder: string, url: string) {
  const handle = new Sqlite(join(folder, 'naive.db'))
  handle.pragma('journal_mode = wal')
  handle.pragma('synchronous = normal')
  handle.exec(
    'create table calls (id text primary key, at text, status text, ms integer, response text)',
  )
  const insert = handle.prepare('insert into calls values (?, ?, ?, ?, ?)')
  return {
    async call(): Promise<unknown> {
      const startedAt = new Date()
      const answer = await pRetry(
        () => ky.get(url, { retry: 0, headers: { authorization: 'Bearer a-token' } }).json(),
        { retries: 2 },
      )
      const tookMs = Date.now() - startedAt.getTime()
      insert.run(randomUUID(), startedAt.toISOString(), 'done', tookMs, JSON.stringify(answer))
      return answer
    },
    close: () => void handle.close(),
  }
}

async function openFullPath(folder: string, url: string) {
  const path = join(folder, 'caravan.db')
  await createState(path, systemClock)
  const state = await openState(path, { clock: systemClock })
  const file = await openCallLog(callLogPath(path), { clock: systemClock })
  const log = createCallLog(file.db, systemClock)
  const calls = createCallPath({ db: state.db, log, clock: systemClock })
  const service = {
    name: 'bench',
    adapter,
    config: { base_url: url },
    configHash: 'hash',
    guards: {
      timeoutMs: 10_000,
      deadlineMs: 120_000,
      attempts: 3,
      breaker: { failures: 5, openForMs: 60_000 },
      concurrent: 64,
    },
    credentials: createCredentialCache(systemClock),
    redactor: createRedactor(['a-secret-of-the-service', 'a-token']),
  }
  return {
    call: () => calls.call(service, 'get', { id: '1' }),
    async close() {
      await log.close()
      await file.close()
      await state.close()
    },
  }
}

if (process.argv[1] === import.meta.filename) {
  for await (const result of benchCalls({ quick: process.argv.includes('--quick') })) {
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }
}
