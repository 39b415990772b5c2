import { expect, it } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import type { LogDb } from '../store/schema.ts'
import { createTestClock } from '../testing/clock.ts'
import { memoryCallLog } from '../testing/state.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { connect, startVendor } from '../testing/vendor.ts'
import type { Call } from './call.ts'
import { createCallLog } from './log.ts'
import { newCall, routeTo } from './new-call.ts'

async function aCall(): Promise<Call> {
  const { service } = await connect(trialAdapter, { base_url: 'http://127.0.0.1', key: 'a-key' })
  const call = newCall(routeTo(service), 'read', systemClock, { effect: 'read' })
  return { ...call, service, asked: [service], repeat: 'safe', attempts: 1 }
}

const countOf = async (db: LogDb) => (await db.selectFrom('calls').select('id').execute()).length

it('writes a call after a tenth of a second, many at once, and the rest when it is closed', async () => {
  const [db, clock, call] = [await memoryCallLog(), createTestClock(), await aCall()]
  const log = createCallLog(db, clock)
  const finish = (from: number, to: number) => {
    for (let n = from; n < to; n++) log.finish({ ...call, id: `ID${n}` }, { output: {} })
  }

  finish(0, 1)
  await clock.advance(100)
  await expect.poll(() => countOf(db)).toBe(1)
  finish(1, 501)
  await expect.poll(() => countOf(db)).toBe(501)
  finish(501, 503)
  await log.close()

  expect(await countOf(db)).toBe(503)
})

it('a log that cannot be written fails no call, tells so once, keeps a bounded rest, and goes on later', async () => {
  const [db, clock, call] = [await memoryCallLog(), createTestClock(), await aCall()]
  const told: unknown[] = []
  const log = createCallLog(db, clock, (error) => void told.push(error))
  await db.schema.alterTable('calls').renameTo('away').execute()

  for (let n = 0; n < 3000; n++) log.finish({ ...call, id: `ID${n}` }, { output: {} })
  await log.flush()
  await log.flush()
  expect(told).toHaveLength(1)
  await db.schema.alterTable('away').renameTo('calls').execute()
  await log.close()

  expect(await countOf(db)).toBe(1000)
  expect(told).toHaveLength(2)
  expect(told[1]).toBeInstanceOf(CaravanError)
  expect(String(told[1])).toContain('2000 rows')
})

it('a call succeeds when its log cannot be written', async () => {
  const vendor = await startVendor({ json: { ok: true } })
  const logDb = await memoryCallLog()
  const { call } = await connect(trialAdapter, { base_url: vendor.url, key: 'a-key' }, { logDb })
  await logDb.schema.dropTable('attempts').execute()

  expect(await call('read', { id: '1' })).toEqual({ ok: true })
})
