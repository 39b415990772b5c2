import { expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { attemptOf, callRow } from '../testing/call-rows.ts'
import { startChild } from '../testing/child.ts'
import { fileState } from '../testing/state.ts'
import { insertAttempts, insertCalls } from './calls.ts'

const seed = Number(process.env.CARAVAN_SEED ?? Math.floor(Math.random() * 1e6))
const kills = process.env.CARAVAN_FAULTS === 'long' ? 40 : 4
const [old, young] = [6000, 500]

it('kill -9 in the middle of cleaning loses nothing that should stay, and the next pass ends it', async () => {
  process.stdout.write(`CARAVAN_SEED=${seed}\n`)
  const { log } = await fileState()
  const rows = Array.from({ length: old + young }, (_, n) => callRow(n))
  await insertCalls(log.db, rows)
  await insertAttempts(
    log.db,
    rows.map(({ id }) => attemptOf(id, 1)),
  )
  const border = callRow(old).started_at
  const left: number[] = []

  for (let n = 0; n < kills; n++) {
    const child = startChild('retention-child.ts', 'clean', log.path, border)
    await child.printed(1)
    await clock.sleep(((seed * (n + 7)) % 40) + 2)
    await child.kill()

    const calls = await log.db.selectFrom('calls').select('id').orderBy('id').execute()
    const attempts = await log.db
      .selectFrom('attempts')
      .select('call_id')
      .orderBy('call_id')
      .execute()
    left.push(calls.length)
    expect(calls.slice(-young)).toEqual(rows.slice(old).map(({ id }) => ({ id })))
    expect(attempts.map(({ call_id }) => call_id)).toEqual(calls.map(({ id }) => id))
    // What is gone is the oldest part, without a gap.
    expect(calls[0]?.id).toBe(rows[rows.length - calls.length]?.id)
  }
  const last = startChild('retention-child.ts', 'clean', log.path, border)
  await last.ended

  process.stdout.write(`${JSON.stringify({ left })}\n`)
  expect(last.lines()).toContain('done')
  const calls = await log.db.selectFrom('calls').select('id').execute()
  expect(calls).toHaveLength(young)
})
