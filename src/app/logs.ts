import { parseDuration } from '../config/durations.ts'
import { CaravanError } from '../core/errors.ts'
import {
  type CallFilter,
  callsSince,
  getCall,
  latestSeq,
  listCalls,
  type LoggedAttempt,
  type LoggedCall,
} from '../store/list-calls.ts'
import type { App } from './app.ts'

export type LogQuery = {
  service?: string
  operation?: string
  outcome?: 'done' | 'failed' | 'unknown'
  since?: string
  until?: string
  run?: string
  text?: string
  limit: number
}

export type CallInfo = LoggedCall
export type CallDetails = LoggedCall & { requests: LoggedAttempt[] }

/** The newest first. */
export async function listRecentCalls(app: App, query: LogQuery): Promise<LoggedCall[]> {
  const { calls } = await listCalls((await app.log()).db, filterOf(app, query), {
    limit: query.limit,
  })
  return calls
}

const followMs = 500

/** New calls as they are stored, by any process, until the program is asked to stop. */
export async function* followCalls(app: App, query: LogQuery): AsyncGenerator<LoggedCall[]> {
  const { db } = await app.log()
  let seq = await latestSeq(db)
  while (!app.signal.aborted) {
    const fresh = await callsSince(db, seq, filterOf(app, query))
    if (fresh.length > 0) yield fresh
    seq = fresh.at(-1)?.seq ?? seq
    await app.clock.sleep(followMs, app.signal).catch(() => undefined)
  }
}

/** By id or by a beginning that only one call has. Throws `call_unknown`. */
export async function showCall(app: App, id: string): Promise<CallDetails> {
  const { call, attempts } = await getCall((await app.log()).db, id)
  return { ...call, requests: attempts }
}

function filterOf(app: App, { since, until, ...filter }: LogQuery): CallFilter {
  const { service, operation, outcome, run, text } = filter
  const start = since === undefined ? undefined : instantOf(app, since, '--since')
  const end = until === undefined ? undefined : instantOf(app, until, '--until')
  return { service, operation, outcome, run: run?.toUpperCase(), text, since: start, until: end }
}

/** `2h` is two hours ago; anything else is an instant, in the local zone unless it names one. */
function instantOf(app: App, text: string, flag: string): Date {
  const ago = parseDuration(text)
  if (ago !== undefined) return new Date(app.clock.now().getTime() - ago)
  const at = new Date(
    text.includes('T') || !text.includes('-')
      ? text
      : `${text}T00:00`.replace(' ', 'T').replace(/T(\d\d:\d\d.*)T00:00$/, 'T$1'),
  )
  if (!Number.isNaN(at.getTime())) return at
  throw new CaravanError({
    code: 'usage',
    message: `${flag} ${text} is neither a time nor a duration`,
    hint: 'Write it like 2h, 3d, 2026-11-21 or 2026-11-21T08:00.',
  })
}
