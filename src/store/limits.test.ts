import { describe, expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import { liftPause, listNotBefore, reserveSlots, setNotBefore } from './limits.ts'
import type { Db } from './schema.ts'

const start = Date.UTC(2026, 0, 1)

const reserve = (
  db: Db,
  nowMs: number,
  more: { count?: number; burst?: number; latestMs?: number } = {},
) => reserveSlots(db, 'haier', { intervalMs: 10, burst: 0, count: 1, nowMs, ...more })

describe('reserveSlots', () => {
  it('gives one slot after the other, an interval apart, whoever asks', async () => {
    const db = await memoryState()

    const slots = [await reserve(db, start), await reserve(db, start), await reserve(db, start)]

    expect(slots).toEqual([start, start + 10, start + 20])
  })

  it('gives several at once and the next one after the last of them', async () => {
    const db = await memoryState()

    await reserve(db, start, { count: 5 })

    expect(await reserve(db, start)).toBe(start + 50)
  })

  it('never gives more than the limit in any second, whatever the pauses', async () => {
    const db = await memoryState()
    const slots: number[] = []
    let nowMs = start
    for (let n = 0; n < 600; n++) {
      if (n % 37 === 0) nowMs += 333
      slots.push(Math.max(nowMs, (await reserve(db, nowMs, { burst: 2 })) ?? 0))
    }

    const perSecond = slots.map(
      (from) => slots.filter((at) => at >= from && at < from + 1000).length,
    )

    expect(Math.max(...perSecond)).toBeLessThanOrEqual(100 + 2)
  })

  it('lets a burst be caught up after a pause, and no more', async () => {
    const db = await memoryState()
    await reserve(db, start)
    const later = start + 60_000

    const slots = []
    for (let n = 0; n < 5; n++) slots.push((await reserve(db, later, { burst: 3 })) ?? 0)

    expect(slots.filter((at) => at <= later)).toHaveLength(4)
    expect(slots.at(-1)).toBe(later + 10)
  })

  it('keeps fractions of a millisecond', async () => {
    const db = await memoryState()
    const options = { intervalMs: 1000 / 3, burst: 0, count: 1, nowMs: start }

    for (let n = 0; n < 300; n++) await reserveSlots(db, 'slow', options)

    const next = (await reserveSlots(db, 'slow', options)) ?? 0
    expect(next - start).toBeGreaterThanOrEqual(100_000)
    expect(next - start).toBeLessThan(100_001)
  })

  it('reserves nothing that would come too late', async () => {
    const db = await memoryState()
    await reserve(db, start, { count: 100 })

    const late = await reserve(db, start, { latestMs: start + 500 })

    expect(late).toBeUndefined()
    expect(await reserve(db, start)).toBe(start + 1000)
  })

  it('does not wait for hours when the clock was set back', async () => {
    const db = await memoryState()
    const hour = 3_600_000
    await reserve(db, start + hour)
    await setNotBefore(db, 'haier', start + hour + 500, start + hour)

    const slot = (await reserve(db, start)) ?? 0

    expect(slot - start).toBe(500)
  })
})

describe('setNotBefore', () => {
  it('holds back every slot, and the later wish wins', async () => {
    const db = await memoryState()
    await setNotBefore(db, 'haier', start + 5000, start)
    await setNotBefore(db, 'haier', start + 3000, start)

    expect(await reserve(db, start)).toBe(start + 5000)
    expect(await reserve(db, start)).toBe(start + 5010)
    expect(await listNotBefore(db)).toEqual(new Map([['haier', start + 5000]]))
  })

  it('is forgotten when it is lifted, with the slots behind it', async () => {
    const db = await memoryState()
    await setNotBefore(db, 'haier', start + 5000, start)
    await reserve(db, start)

    const lifted = await liftPause(db, 'haier', start)

    expect(lifted).toBe(start + 5000)
    expect(await reserve(db, start)).toBe(start)
    expect(await listNotBefore(db)).toEqual(new Map())
    expect(await liftPause(db, 'haier', start)).toBeUndefined()
  })

  it('is lifted without giving away slots that others hold', async () => {
    const db = await memoryState()
    await reserve(db, start, { count: 5 })
    await setNotBefore(db, 'haier', start + 5000, start)

    await liftPause(db, 'haier', start)

    expect(await reserve(db, start)).toBe(start + 50)
  })
})
