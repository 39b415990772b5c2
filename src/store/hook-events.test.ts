import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import { changeHook, listHooks, storeHooks } from './hook-events.ts'
import { messagesIn } from './message-states.ts'
import { listDoubtful } from './outbox-upkeep.ts'
import type { Db } from './schema.ts'

const now = new Date(Date.UTC(2026, 10, 21, 12))

const hook = (eventId: string) => ({
  service: 'sms',
  eventId,
  type: 'sms.status',
  at: undefined,
  data: {},
})

it('changes an event for whoever has seen its latest state, and for nobody else', async () => {
  const db = await memoryState()
  await storeHooks(db, [hook('a')], now)
  const [seen] = await listHooks(db)

  const changes = [
    await changeHook(db, seen!, { tries: 1 }),
    await changeHook(db, seen!, { status: 'handled' }),
  ]

  expect(changes).toEqual([true, false])
})

it.each([
  [null, 0],
  ['{"messageId":"1"}', 0],
  ['{"recipients":[null,{},{"to":"+7"},{"to":"+7","messageId":""}],"messageId":"1"}', 0],
  ['{"recipients":[{"to":"+7","messageId":"1","status":"accepted"}]}', 1],
])('finds in the answer %s as many messages: %i', (output, count) => {
  expect(messagesIn(output)).toHaveLength(count)
})

it('finds the calls in doubt by an index, however many are over', async () => {
  const db = await memoryState()
  const plans = await planOf(db)

  expect(plans).toContain('outbox_doubtful')
})

async function planOf(db: Db): Promise<string> {
  expect(await listDoubtful(db, 'sms')).toEqual([])
  const { rows } = await sql<{ detail: string }>`
    explain query plan select * from outbox
    where served_by = 'sms' and status in ('sending', 'unknown') order by position`.execute(db)
  return rows.map(({ detail }) => detail).join('\n')
}
