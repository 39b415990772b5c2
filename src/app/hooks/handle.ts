/** Works off the webhooks that were stored: each once, whoever is killed on the way. */
import { setImmediate as turn } from 'node:timers/promises'
import { isStateTrouble, messageOf } from '../../core/errors.ts'
import type { HookReader } from '../../core/hook.ts'
import type { Log } from '../../core/log.ts'
import {
  changeHook,
  type HookChange,
  listDueHooks,
  type StoredHook,
} from '../../store/hook-events.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'
import type { App } from '../app.ts'
import { adapterNamed } from '../catalogue.ts'
import { type Handling, handlerOf } from './handlers.ts'

export type Handled = { handled: number; putOff: number; failed: number }

export type HandleOptions = {
  log?: Log
  /** No further event is begun once it is aborted. */
  signal?: AbortSignal
}

/** Events of one transaction: what a request that comes meanwhile has to wait for, about 10 ms. */
const batchSize = 50

/** Handles all that is due. Throws what is wrong with the state itself; every event is as it was, and due. */
export async function handleHooks(
  app: App,
  { log, signal = app.signal }: HandleOptions = {},
): Promise<Handled> {
  const { db } = await app.state()
  const sum: Handled = { handled: 0, putOff: 0, failed: 0 }
  const readers = new Map<string, HookReader<never> | undefined>()
  for (;;) {
    if (signal.aborted) return sum
    const due = await listDueHooks(db, app.clock.now(), batchSize)
    if (due.length === 0) return sum
    for (const { service } of due) {
      if (!readers.has(service)) readers.set(service, await readerFor(app, service))
    }
    const work = { app, db, log, readers }
    const ends = await handleTogether(work, due)
    for (const { end } of ends) sum[end]++
    if (ends.length === 0) return sum // somebody else is at it
    await turn()
  }
}

type Work = {
  app: Pick<App, 'clock'>
  db: Db
  log?: Log | undefined
  readers: ReadonlyMap<string, HookReader<never> | undefined>
}

/** What became of one event, and what was said of it. */
export type HandledOne = { end: keyof Handled; said: string }

/** In one commit when nothing goes wrong, else one by one, so that one bad event keeps none of the others. */
async function handleTogether(work: Work, due: readonly StoredHook[]): Promise<HandledOne[]> {
  try {
    return await atomically(work.db, async (tx) => {
      const ends: HandledOne[] = []
      for (const hook of due) ends.push(await handleIn(tx, work, hook))
      return ends
    })
  } catch (error) {
    if (isStateTrouble(error)) throw error
  }
  const ends: HandledOne[] = []
  for (const hook of due) {
    const end = await handleOne(work, hook)
    if (end) ends.push(end)
  }
  return ends
}

/** One event in a commit of its own. Undefined: another process was faster. */
export async function handleOne(work: Work, hook: StoredHook): Promise<HandledOne | undefined> {
  try {
    return await atomically(work.db, (tx) => handleIn(tx, work, hook))
  } catch (error) {
    if (error instanceof TakenAway) return undefined
    if (isStateTrouble(error)) throw error
    return await putDown(work, hook, error)
  }
}

/** Another process has changed the event since it was read. */
class TakenAway extends Error {}

async function handleIn(tx: Db, work: Work, hook: StoredHook): Promise<HandledOne> {
  const now = work.app.clock.now()
  const context = { now, reader: work.readers.get(hook.service) }
  const handling: Handling = await handlerOf(hook.type)(tx, hook, context)
  if (!(await changeHook(tx, hook, changeBy(handling, hook, now)))) {
    throw new TakenAway('changed by another process')
  }
  return 'again' in handling
    ? { end: 'putOff', said: handling.again }
    : { end: 'handled', said: handling.outcome }
}

function changeBy(handling: Handling, { status, tries }: StoredHook, now: Date): HookChange {
  if ('again' in handling) {
    const next_at = nextTry(tries, now)
    return { status: 'received', tries: tries + 1, outcome: handling.again, next_at }
  }
  // Handled once more, and nothing came of it: what it did at first is what it did.
  if (status === 'handled' && handling.isNoNews) return { tries: tries + 1 }
  return {
    status: 'handled',
    tries: tries + 1,
    outcome: handling.outcome,
    next_at: null,
    handled_at: now.toISOString(),
    error: null,
  }
}

const mostTries = 8
const firstWaitMs = 5000
const longestWaitMs = 3_600_000

/** 5 s, 20 s, 80 s and so on, up to an hour. */
const nextTry = (tries: number, now: Date): string =>
  new Date(now.getTime() + Math.min(longestWaitMs, firstWaitMs * 4 ** tries)).toISOString()

async function putDown(
  { app, db, log }: Work,
  hook: StoredHook,
  error: unknown,
): Promise<HandledOne | undefined> {
  const now = app.clock.now()
  const tries = hook.tries + 1
  const isOver = tries >= mostTries
  const status = isOver ? ('failed' as const) : hook.status
  const next_at = isOver ? null : nextTry(hook.tries, now)
  const change = { status, tries, next_at, error: messageOf(error) }
  if (!(await changeHook(db, hook, change))) return undefined
  const { service, id: event, type } = hook
  log?.warn('a webhook could not be handled', { service, event, type, tries, error })
  return { end: 'failed', said: messageOf(error) }
}

/** What the adapter knows; its config is not needed. Undefined: the service or its adapter is there no more. */
export async function readerFor(app: App, name: string): Promise<HookReader<never> | undefined> {
  const { config } = await app.usableConfig()
  const entry = Object.hasOwn(config.services, name) ? config.services[name] : undefined
  if (!entry) return undefined
  const adapter = await adapterNamed(entry.adapter).catch(() => undefined)
  return adapter?.hooks as HookReader<never> | undefined
}
