import type { Clock } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import { changePlaces, listPlaces } from '../store/places.ts'
import { isAlive, type ProcessIdentity, thisProcess } from '../store/process-identity.ts'
import type { Db } from '../store/schema.ts'
import type { Service } from './call.ts'
import { livePlaces, settlePlaces, waitingOthers } from './place-rules.ts'

/** The places of a service for calls in flight, counted over every process on the same state. */
export type Places = {
  /** Resolves with a place; rejects with the signal's reason when it is aborted first, or with a fault of the state. */
  enter(signal: AbortSignal): Promise<Pass>
  leave(pass: Pass): void
  /** Gives everything back. */
  close(): Promise<void>
}

/** A place in use. */
export type Pass = { number: number; borrowedAtMs: number; freedAtMs: number }

/** A process that dies on another host keeps its places for so long. */
const leaseMs = 10_000
/** A borrowed place serves one call after the other, without a transaction for each, until it is idle for this long. */
const idleMs = 200
/** After this time in use it is given to whoever waits for one. */
const turnMs = 1000
/** How often somebody who waits looks, and how often one who has every place there is does. */
const lookMs = { waiting: 25, full: 250 }
/** How often a place that has had its turn looks for others. */
const turnCheckMs = 100
const tendMs = 100

type Waiter = { resolve(pass: Pass): void; reject(error: unknown): void }

export type PlacesOptions = {
  db: Db
  clock: Clock
  onTrouble(error: unknown): void
  /** Told when it begins to borrow, and when everything is given back and nobody waits. */
  onChange?(places: Places, isBusy: boolean): void
}

export function createPlaces(
  { db, clock, onTrouble, onChange }: PlacesOptions,
  { name }: Service,
  concurrent: number,
): Places {
  const holder = newId()
  const process = thisProcess()
  const isGone = (one: ProcessIdentity) => one.host === process.host && !isAlive(one)
  const closing = new AbortController()
  /** Every place that is borrowed, and those of them that no call uses. */
  const held = new Map<number, Pass>()
  let free: Pass[] = []
  const waiting = new Set<Waiter>()
  let leaseEndsMs = 0
  let [isPumping, isTending] = [false, false]
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other, so that what is known here is what the last of them has stored. */
  function settle(wanted: () => number, returned: number[] = []): Promise<void> {
    const run = async () => {
      const [nowMs, askedMs] = [clock.now().getTime(), clock.monotonicMs()]
      const wish = { holder, process, giveBack: returned, concurrent, nowMs, leaseMs, isGone }
      const count = Math.max(0, wanted() - free.length)
      const places = await changePlaces(db, name, (all) =>
        settlePlaces(all, { ...wish, wanted: count }),
      )
      const mine = places.filter((place) => place.holder === holder && place.number >= 0)
      const leases = mine.map(({ leaseUntilMs }) => leaseUntilMs - nowMs)
      leaseEndsMs = askedMs + Math.min(leaseMs, ...leases)
      forgetLost(new Set(mine.map(({ number }) => number)))
      for (const { number } of mine) if (!held.has(number)) free.push(borrowed(number))
      for (const pass of free.splice(0)) offer(pass)
    }
    const done = last.then(run, run)
    last = done.catch(() => undefined)
    return done
  }

  function borrowed(number: number): Pass {
    const nowMs = clock.monotonicMs()
    const pass = { number, borrowedAtMs: nowMs, freedAtMs: nowMs }
    held.set(number, pass)
    return pass
  }

  /** A process that slept for longer than its lease may find its places with others. */
  function forgetLost(mine: ReadonlySet<number>): void {
    for (const number of held.keys()) if (!mine.has(number)) held.delete(number)
    free = free.filter(({ number }) => mine.has(number))
  }

  function offer(pass: Pass): void {
    const [next] = waiting
    if (next) {
      waiting.delete(next)
      return next.resolve(pass)
    }
    free.push(pass)
    if (!isTending) void tend()
  }

  async function pump(): Promise<void> {
    isPumping = true
    try {
      while (waiting.size > 0) {
        await settle(() => waiting.size)
        if (waiting.size === 0) break
        const ms = held.size < concurrent ? lookMs.waiting : lookMs.full
        await clock.sleep(ms, closing.signal)
      }
      await settle(() => waiting.size) // out of the line
    } catch (error) {
      for (const { reject } of waiting) reject(error)
      waiting.clear()
    }
    isPumping = false
    if (waiting.size > 0) void pump()
    if (held.size > 0 && !isTending) void tend()
    tellIdle()
  }

  function tellIdle(): void {
    if (held.size === 0 && !isPumping && !isTending) onChange?.(places, false)
  }

  /** Keeps the leases, and gives back what nobody uses. */
  async function tend(): Promise<void> {
    isTending = true
    let isTold = false
    while (held.size > 0 && !closing.signal.aborted) {
      try {
        await clock.sleep(tendMs, closing.signal)
        const nowMs = clock.monotonicMs()
        const idle = free.filter(({ freedAtMs }) => nowMs - freedAtMs >= idleMs)
        if (idle.length === 0 && leaseEndsMs - nowMs > leaseMs / 2) continue
        await giveBack(idle)
        isTold = false
      } catch (error) {
        if (!isTold && !closing.signal.aborted) onTrouble(error)
        isTold = true // and asked again: the state may only have been busy
      }
    }
    isTending = false
    tellIdle()
  }

  async function giveBack(passes: readonly Pass[]): Promise<void> {
    free = free.filter((pass) => !passes.includes(pass))
    for (const { number } of passes) held.delete(number)
    await settle(
      () => waiting.size,
      passes.map(({ number }) => number),
    )
  }

  /** A place that has been in use for a while goes to those who wait in other processes. */
  async function handOn(pass: Pass): Promise<void> {
    const [nowMs, places] = [clock.now().getTime(), await listPlaces(db, name)]
    const live = livePlaces(places, { holder, nowMs, leaseMs, isGone })
    if (waitingOthers(live, holder).length > 0) return giveBack([pass])
    pass.borrowedAtMs = clock.monotonicMs() - turnMs + turnCheckMs
    offer(pass)
  }

  const places: Places = {
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      const isSure = clock.monotonicMs() < leaseEndsMs
      const ready = waiting.size === 0 && isSure ? free.pop() : undefined
      if (ready) return Promise.resolve(ready)
      return new Promise((resolve, reject) => {
        const giveUp = () => {
          waiting.delete(waiter)
          reject(signal.reason)
        }
        const waiter: Waiter = {
          resolve(pass) {
            signal.removeEventListener('abort', giveUp)
            resolve(pass)
          },
          reject,
        }
        signal.addEventListener('abort', giveUp, { once: true })
        waiting.add(waiter)
        onChange?.(places, true)
        if (!isPumping) void pump()
      })
    },
    leave(pass) {
      if (held.get(pass.number) !== pass) return // its lease was lost
      pass.freedAtMs = clock.monotonicMs()
      if (closing.signal.aborted || pass.freedAtMs - pass.borrowedAtMs < turnMs) {
        return offer(pass)
      }
      handOn(pass).catch((error: unknown) => {
        onTrouble(error)
        if (held.get(pass.number) === pass) offer(pass)
      })
    },
    async close() {
      closing.abort('closed')
      await last
      if (held.size > 0) await giveBack([...held.values()]).catch(onTrouble)
    },
  }
  return places
}
