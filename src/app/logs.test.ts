import { expect, it } from 'vitest'
import { insertCalls } from '../store/calls.ts'
import { withAppIn } from '../testing/app.ts'
import { callRow } from '../testing/call-rows.ts'
import { haierProject } from '../testing/program.ts'
import { listRecentCalls } from './logs.ts'

it('a search for text lets others have their turn, and says how far it came', async () => {
  const { folder } = await haierProject()
  await withAppIn(folder, async (app) => {
    const rows = Array.from({ length: 9000 }, (_, n) => callRow(n))
    await insertCalls((await app.log()).db, rows)
    let turns = 0
    const count = setInterval(() => (turns += 1), 0)

    const all = await listRecentCalls(app, { text: 'nowhere', limit: 50 })
    clearInterval(count)
    const some = await listRecentCalls(app, { text: 'nowhere', limit: 50, searched: 3000 })

    expect(all).toEqual({ calls: [], searchedBackTo: undefined, next: undefined })
    expect(turns).toBeGreaterThan(2)
    expect(some.calls).toEqual([])
    expect(some.next).toEqual({ id: some.next?.id, started_at: some.searchedBackTo })
    expect(Number(some.next?.id.slice(3))).toBeGreaterThan(1000)
  })
})

it('finds the calls of one correlation id, whole and no other', async () => {
  const { folder } = await haierProject()
  await withAppIn(folder, async (app) => {
    const rows = Array.from({ length: 20 }, (_, n) => ({
      ...callRow(n),
      correlation_id: `order-${n % 10}`,
    }))
    await insertCalls((await app.log()).db, rows)

    const found = await listRecentCalls(app, { correlation: 'order-3', limit: 50 })
    const none = await listRecentCalls(app, { correlation: 'order', limit: 50 })

    expect(found.calls.map(({ correlation_id }) => correlation_id)).toEqual(['order-3', 'order-3'])
    expect(none.calls).toEqual([])
  })
})
