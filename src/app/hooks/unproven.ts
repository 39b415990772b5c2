/** What a vendor tells that signs nothing: anybody who knows the address can tell as much of it as he likes. */
import type { HookEvent } from '../../core/hook.ts'
import { countWaitingHooks } from '../../store/hook-events.ts'
import { knownMessages } from '../../store/message-states.ts'
import { listDoubtful } from '../../store/outbox-upkeep.ts'
import type { Db } from '../../store/schema.ts'
import { recipientsOf } from './receipt.ts'

/** Events of one service that may wait for a message of ours to turn up: they are looked for during a day. */
const mostWaiting = 1000

/**
 * Those that are worth the room: of messages that we know to have sent, and to numbers of a call whose end nobody knows
 * yet. Of all others only so many, for a receipt may be faster than our own record.
 */
export async function worthKeeping(
  db: Db,
  service: string,
  events: readonly HookEvent[],
): Promise<readonly HookEvent[]> {
  let room = mostWaiting - (await countWaitingHooks(db, service))
  if (events.length <= room) return events
  const doubtful = await listDoubtful(db, service)
  const awaited = new Set(doubtful.flatMap(recipientsOf))
  const messages = events.map(({ data }) => String(data.messageId))
  const known = await knownMessages(db, service, messages)
  return events.filter(
    ({ data }) => known.has(String(data.messageId)) || awaited.has(String(data.to)) || room-- > 0,
  )
}
