/** What becomes of a call of which nobody knew whether it was done. */
import { storedOutput } from '../calls/stored-failure.ts'
import { CaravanError } from '../core/errors.ts'
import { requireEntry } from '../store/list-outbox.ts'
import type { Entry, StoredFailure } from '../store/outbox.ts'
import { settleEntry } from '../store/outbox-upkeep.ts'
import type { SettledCall } from './answers/queue.ts'
import type { App } from './app.ts'
import { judged } from './call-result.ts'
import { settled, underWay } from './queue.ts'
import { settledCode } from './settled-code.ts'

/** Left out: the vendor is asked. */
export type Decision = { isSent: boolean; by: string; reason?: string | undefined }

/**
 * Settles a call that is `unknown`: as a person decided, else as its vendor says. It stays unknown when the vendor cannot
 * tell. One that was not sent keeps its input, so that it can be put back. Throws `call_unknown`, `call_running`,
 * `queue_settled` for a call that is not unknown, and `usage` when there is nobody to ask.
 */
export async function settleQueued(
  app: App,
  id: string,
  decision?: Decision,
): Promise<SettledCall> {
  const db = await judged(app)
  const row = await requireEntry(db, id)
  if (row.status === 'sending') throw underWay(row)
  if (row.status !== 'unknown') throw settled(row, 'settled')
  const found = decision ? decided(decision) : await askVendor(app, row)
  const { served_by: servedBy, exchanges, operation } = row
  if (found) {
    const end = { servedBy, exchanges, ...found.end }
    if (!(await settleEntry(db, row, end, app.clock.now()))) {
      throw settled(await requireEntry(db, row.id), 'settled')
    }
  }
  return {
    id: row.id,
    operation: `${row.kind}.${operation}`,
    was: 'unknown',
    status: found?.end.status ?? 'unknown',
    service: servedBy,
    by: decision ? 'operator' : 'vendor',
  }
}

type Found = {
  end: { status: 'done' | 'failed'; output?: string | null; error: StoredFailure }
}

function decided({ isSent, by, reason }: Decision): Found {
  const why = reason?.trim() ? `: ${reason.trim()}` : ''
  const message = `${isSent ? 'sent' : 'not sent'}, says ${by}${why}`
  return ended(isSent, message)
}

const ended = (isSent: boolean, message: string, output: string | null = null): Found => ({
  end: {
    status: isSent ? 'done' : 'failed',
    output,
    error: { kind: 'unavailable', code: settledCode, message, hint: null, outcome: 'not_done' },
  },
})

/** Undefined: it cannot tell. Throws when it cannot be asked. */
async function askVendor(app: App, row: Entry): Promise<Found | undefined> {
  const service = row.served_by === null ? undefined : await app.service(row.served_by)
  if (!service || row.input === null)
    throw nobodyToAsk(row, 'it is not known what was sent to whom')
  if (!service.adapter.operations[row.operation]?.settle) {
    throw nobodyToAsk(row, `${service.adapter.title} has no query for that`)
  }
  const path = await app.calls()
  const said = await path.settle(service, row.operation, JSON.parse(row.input), {
    entry: { id: row.id, exchanges: row.exchanges },
    idempotencyKey: row.idempotency_key,
    correlationId: row.correlation_id,
    runId: row.run_id ?? undefined,
    startedAt: new Date(row.created_at),
    signal: app.signal,
  })
  if (said.outcome === 'unknown') return undefined
  const isSent = said.outcome === 'done'
  const output = isSent ? storedOutput({ asked: [service] }, said.output) : null
  return ended(isSent, `${isSent ? 'sent' : 'not sent'}, says ${service.name}`, output)
}

const nobodyToAsk = ({ id }: Entry, why: string): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: `nobody can be asked what became of call ${id}: ${why}`,
    hint: `Look in the vendor's console, then say it: caravan queue settle ${id} --sent, or --not-sent.`,
    see: `caravan queue show ${id}`,
  })
