/** What is done with an event, by its type. */
import type { HookReader } from '../../core/hook.ts'
import type { StoredHook } from '../../store/hook-events.ts'
import type { Db } from '../../store/schema.ts'
import { handleOrderEvent } from './order-event.ts'
import { handleReceipt } from './receipt.ts'

export type HookContext = {
  now: Date
  /** Of the service; undefined when it has left the config. */
  reader: HookReader<never> | undefined
}

/**
 * `outcome`: what it did, in words; `isNoNews`: all of it was known before, and nothing has changed. `again`: why it
 * cannot be handled yet; it has changed nothing.
 */
export type Handling = { outcome: string; isNoNews?: boolean } | { again: string }

/**
 * Changes the state inside `tx` alone, so that what it did and that it did so are one commit. Handling an event a second
 * time has to change nothing. Throws what keeps it from being handled.
 */
export type Handler = (tx: Db, event: StoredHook, context: HookContext) => Promise<Handling>

const handlers: Readonly<Record<string, Handler>> = {
  'sms.status': handleReceipt,
  'supplier.order': handleOrderEvent,
}

/** An event that nothing is done with is kept to be looked at. */
export const handlerOf = (type: string): Handler =>
  (Object.hasOwn(handlers, type) ? handlers[type] : undefined) ??
  (() => Promise.resolve({ outcome: `kept; nothing is done with ${type}`, isNoNews: true }))
