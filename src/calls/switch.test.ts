import { expect, it } from 'vitest'
import { liftSwitch, setSwitch } from '../store/switches.ts'
import { createTestClock } from '../testing/clock.ts'
import { memoryState } from '../testing/state.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { connect, startVendor } from '../testing/vendor.ts'

const ok = { json: {} }
const input = { id: '1' }
const by = { service: 'trial', reason: 'wrong prices', setBy: 'anna' }

async function trial(replies: object[] = [ok, ok, ok]) {
  const vendor = await startVendor(...replies)
  const clock = createTestClock()
  const db = await memoryState()
  const connected = await connect(
    trialAdapter,
    { base_url: vendor.url, key: 'planted-key' },
    { db, clock },
  )
  return { vendor, clock, ...connected }
}

it('sends nothing for a service that is switched off, says who did it, and blames no vendor', async () => {
  const { vendor, clock, db, call, check, logged } = await trial()
  await setSwitch(db, { ...by, now: clock.now() })

  for (let count = 0; count < 10; count++) {
    await expect(call('payOnce', input)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'service_disabled',
      outcome: 'not_done',
      message: 'switched off by anna: wrong prices',
    })
  }

  expect(vendor.received).toHaveLength(0)
  expect(await logged()).toMatchObject({ attempts: [] })
  // Whoever is about to switch it on again may test it first; an open breaker would refuse.
  expect(await check()).toBe('fine')
})

it('a running process notices a switch within a second, and its end', async () => {
  const { vendor, clock, db, call } = await trial()
  await call('read', input)

  const until = new Date(clock.now().getTime() + 60_000)
  await setSwitch(db, { ...by, until, now: clock.now() })
  await clock.advance(1000)
  await expect(call('read', input)).rejects.toMatchObject({ code: 'service_disabled' })
  await clock.advance(60_000)
  await call('read', input)

  expect(vendor.received).toHaveLength(2)
})

it('is lifted for the next call', async () => {
  const { clock, db, call } = await trial()
  await setSwitch(db, { ...by, now: clock.now() })
  await expect(call('read', input)).rejects.toMatchObject({ code: 'service_disabled' })

  await liftSwitch(db, 'trial', clock.now())
  await clock.advance(1000)

  expect(await call('read', input)).toEqual({})
})

it('asks the state once for many calls', async () => {
  const { call, db } = await trial(Array.from({ length: 50 }, () => ok))
  const asked: string[] = []
  const execute = db.getExecutor().executeQuery
  const executor = db.getExecutor()
  executor.executeQuery = function (query, ...rest) {
    asked.push((query as { sql: string }).sql)
    return execute.call(this, query, ...rest) as never
  }

  await Promise.all(Array.from({ length: 50 }, () => call('read', input)))

  expect(asked.filter((sql) => sql.includes('"switches"'))).toHaveLength(1)
})

it('a payment that may have been made stays unknown when the service is switched off before the repetition', async () => {
  const vendor = await startVendor({ status: 500, json: {} }, ok)
  const clock = createTestClock()
  const { db, call } = await connect(
    trialAdapter,
    { base_url: vendor.url, key: 'planted-key' },
    { db: await memoryState(), clock, random: () => 1 },
  )

  const paid = call('payByKey', input).catch((error: unknown) => error)
  await clock.untilSleeping(500)
  await setSwitch(db, { ...by, now: clock.now() })
  await clock.advance(500)

  expect(await paid).toMatchObject({ code: 'service_disabled', outcome: 'unknown' })
  expect(vendor.received).toHaveLength(1)
})
