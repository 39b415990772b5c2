import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, it } from 'vitest'
import { createCallLog } from '../calls/log.ts'
import type { Call } from '../calls/call.ts'
import { newCall, routeTo } from '../calls/new-call.ts'
import { systemClock as clock } from '../core/clock.ts'
import { startChild } from '../testing/child.ts'
import { fileState } from '../testing/state.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { connect } from '../testing/vendor.ts'
import { insertAttempts } from './calls.ts'
import { keepWithin, sizeBudget } from './retention.ts'
import { stateSizes } from './sizes.ts'

const limit = 4_000_000

async function aCall(): Promise<Call> {
  const { service } = await connect(trialAdapter, { base_url: 'http://127.0.0.1', key: 'a-key' })
  const call = newCall(routeTo(service), 'read', clock, { effect: 'read' })
  return { ...call, service, asked: [service], repeat: 'safe', attempts: 1 }
}

const ms = (nanoseconds: number): number => Math.round(nanoseconds / 1e6)

const idOf = (n: number): string => `01A${String(n).padStart(23, '0')}`

const cases = [
  { times: 10, readers: 'two that page', ways: [['page'], ['page']] },
  { times: 3, readers: 'two that open it, again and again', ways: [['open'], ['open']] },
  {
    times: 5,
    readers: 'one that pages, one that holds its view',
    ways: [['page'], ['hold', '60']],
  },
]

it.each(cases)(
  '$times times the limit is written, and the files stay within it: $readers',
  async ({ times, ways }) => {
    const { state, log: file } = await fileState()
    const keeper = keepWithin(file, { statePath: state.path, limit, clock })
    const troubles: unknown[] = []
    const log = createCallLog(file.db, clock, (error) => void troubles.push(error), keeper)
    const call = await aCall()
    const readers = ways.map(([way = '', ...rest]) =>
      startChild('retention-child.ts', way, file.path, ...rest),
    )
    let [written, count, peak, peakAhead] = [0, 0, 0, 0]
    const lag = monitorEventLoopDelay({ resolution: 1 })
    lag.enable()
    let samples = 0
    const sample = () => {
      const sizes = stateSizes(state.path)
      peak = Math.max(peak, sizes.total)
      peakAhead = Math.max(peakAhead, sizes.callsWriteAhead)
      samples += 1
    }
    const insert = keeper.makeRoom
    keeper.makeRoom = async (bytes) => {
      sample()
      await insert(bytes)
      sample()
    }

    while (written < times * limit) {
      for (let n = 0; n < 80; n++, count++) {
        const text = 'a line of an order, 42.00 CNY; '.repeat(5 + (count % 60))
        const input = { id: idOf(count), text }
        const startedAt = new Date(Date.UTC(2026, 0, 1) + count * 10)
        log.finish({ ...call, id: idOf(count), input, startedAt }, { output: { text } })
        written += 2 * text.length
      }
      await log.flush()
      sample()
      await clock.sleep(1)
    }
    await log.close()
    sample()

    const rows = await file.db.selectFrom('calls').select('id').orderBy('started_at').execute()
    const rounds = readers.map((reader) => reader.lines())
    for (const reader of readers) await reader.kill()
    const budget = sizeBudget(state.path, limit)
    process.stdout.write(
      `${JSON.stringify({ written, count, lagMs: { p99: ms(lag.percentile(99)), max: ms(lag.max) }, kept: rows.length, limit, peak, peakAhead, samples, rounds: rounds.map((r) => r.length), budget, troubles: troubles.map(String) })}\n`,
    )
    expect(peak).toBeLessThanOrEqual(limit)
    expect(peak).toBeGreaterThan(limit / 2)
    expect(rows.at(-1)).toEqual({ id: idOf(count - 1) })
    expect(rows.length).toBeGreaterThan(200)
    expect(rows.map(({ id }) => id)).toEqual(
      Array.from({ length: rows.length }, (_, n) => idOf(count - rows.length + n)),
    )
    expect(rounds.flat().filter((line) => line.startsWith('wrong'))).toEqual([])
    for (const lines of rounds) expect(lines.length).toBeGreaterThan(1)
  },
  120_000,
)

it('attempts of calls that never ended, as after kills, count and make way too', async () => {
  const { state, log: file } = await fileState()
  const keeper = keepWithin(file, { statePath: state.path, limit, clock })
  let peak = 0

  for (let kill = 0; kill < 60; kill++) {
    const attempts = Array.from({ length: 100 }, (_, n) => strayAttempt(kill * 100 + n))
    await keeper.makeRoom(150_000)
    await insertAttempts(file.db, attempts)
    peak = Math.max(peak, stateSizes(state.path).total)
  }

  const left = await file.db.selectFrom('attempts').select('call_id').orderBy('call_id').execute()
  expect(peak).toBeLessThanOrEqual(limit)
  expect(left.length).toBeGreaterThan(1000)
  expect(left.at(-1)).toEqual({ call_id: idOf(5999) })
})

const strayAttempt = (n: number) => ({
  call_id: idOf(n),
  number: 1,
  started_at: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
  duration_ms: 1,
  method: 'GET',
  endpoint: `https://api.example.com/${'x'.repeat(1000)}`,
  status: 500,
  request_bytes: 0,
  response_bytes: 0,
  outcome: 'failed',
  wait_ms: 0,
})
