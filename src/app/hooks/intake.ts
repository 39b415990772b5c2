/**
 * Where webhooks are written down. Requests that come while a commit is under way share the next one: a commit waits for
 * the disk, and a vendor that sends hundreds a second must not wait for hundreds of them.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { isStateTrouble } from '../../core/errors.ts'
import { type NewHook, storeHooks } from '../../store/hook-events.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'

export type Intake = {
  /** Resolves once the events are on the disk, all of them or none. Throws what kept them from it. */
  store(hooks: readonly NewHook[]): Promise<void>
  /** Whether anything was stored since this was asked last. */
  takeNews(): boolean
}

const intakes = new WeakMap<Db, Intake>()

/** The one of a state. Whoever handles what it stored asks the same one. */
export function intakeOf(db: Db, clock: Clock): Intake {
  const known = intakes.get(db) ?? createIntake(db, clock)
  intakes.set(db, known)
  return known
}

type Waiting = {
  hooks: readonly NewHook[]
  resolve(): void
  reject(error: unknown): void
}

/** Events of one commit, about 10 ms; a request that has more is alone in its commit. */
const largestBatch = 500

function createIntake(db: Db, clock: Clock): Intake {
  let queue: Waiting[] = []
  let isDraining = false
  let hasNews = false

  const save = async (batch: readonly Waiting[]) => {
    const hooks = batch.flatMap((one) => one.hooks)
    await atomically(db, (tx) => storeHooks(tx, hooks, clock.now()))
    hasNews = true
    for (const one of batch) one.resolve()
  }

  /** One request may hold what the others must not suffer from; a state that is locked keeps each of them waiting anew. */
  const saveEach = async (batch: readonly Waiting[], error: unknown) => {
    if (batch.length === 1 || isStateTrouble(error)) {
      for (const one of batch) one.reject(error)
      return
    }
    for (const one of batch) await save([one]).catch(one.reject)
  }

  const drain = async () => {
    isDraining = true
    await turn() // those that have come at the same time are taken together
    while (queue.length > 0) {
      const batch = firstOf(queue)
      queue = queue.slice(batch.length)
      await save(batch).catch((error: unknown) => saveEach(batch, error))
      await turn()
    }
    isDraining = false
  }

  return {
    store(hooks) {
      if (hooks.length === 0) return Promise.resolve()
      return new Promise((resolve, reject) => {
        queue.push({ hooks, resolve, reject })
        if (!isDraining) void drain()
      })
    },
    takeNews() {
      const had = hasNews
      hasNews = false
      return had
    },
  }
}

function firstOf(queue: readonly Waiting[]): Waiting[] {
  let events = 0
  const end = queue.findIndex(({ hooks }, at) => {
    events += hooks.length
    return at > 0 && events > largestBatch
  })
  return end < 0 ? [...queue] : queue.slice(0, end)
}
