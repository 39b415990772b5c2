import type { Clock } from '../core/clock.ts'

/** A service and its turn. */
export type Place = {
  name: string
  /** On the monotonic clock: a wall clock that is set back must not stop the checks for hours. */
  dueMs: number
  /** Of the latest check; undefined: none was made. */
  wasOk: boolean | undefined
  /** Checks that failed in a row. */
  failures: number
  /** When the latest check of this process ended, on the monotonic clock. */
  checkedMs: number
  /** The same on the wall clock. */
  checkedAt?: string
  /** Why it was passed over the last time. */
  passedOver?: string | undefined
}

export type Timetable = {
  /**
   * Takes up the services as they are now. One that is new, or has another `version`, is due within seconds; `latest` are
   * checks from before this process. An interval that changed holds from the next turn on.
   */
  plan(
    services: readonly { name: string; version: string }[],
    options: { everyMs: number; latest: ReadonlyMap<string, { at: string; isOk: boolean }> },
  ): void
  /** Those whose turn it is, each with its next turn already set. One that is still busy has missed its turn. */
  takeDue(isBusy: (name: string) => boolean): Place[]
  /** Its turn comes after `inMs` at the latest. Unknown names are left alone. */
  hasten(name: string, inMs: number): void
  places(): Iterable<Place>
}

/** A service that has just changed is looked at so soon. */
const soonMs = 5000
/** Services that begin all at once are apart by this much, so that 200 of them take 40 s. */
const apartMs = 200

/** Turns lie evenly over the interval, by the place of a name among the names, so that many services never start together. */
export function createTimetable(clock: Clock): Timetable {
  const places = new Map<string, Place & { version: string; share: number }>()
  let everyMs = 0
  let isFirst = true

  /** The first turn of a share that is at least `leastMs` ahead. Turns are counted on the wall clock, for all restarts alike. */
  function turnAfter(share: number, leastMs: number): number {
    const wallMs = clock.now().getTime()
    const phaseMs = share * everyMs
    const turn = Math.ceil((wallMs + leastMs - phaseMs) / everyMs) * everyMs + phaseMs
    return clock.monotonicMs() + turn - wallMs
  }

  return {
    plan(services, options) {
      const hasChanged = everyMs !== options.everyMs
      everyMs = options.everyMs
      const nowMs = clock.monotonicMs()
      const wallMs = clock.now().getTime()
      const names = services.map(({ name }) => name).toSorted()
      const burstMs = isFirst
        ? Math.min(everyMs, names.length * apartMs)
        : Math.min(everyMs, soonMs)
      for (const { name, version } of services) {
        const share = names.indexOf(name) / names.length
        const former = places.get(name)
        const last = options.latest.get(name)
        const place = former ?? {
          name,
          version,
          share,
          dueMs: 0,
          wasOk: last?.isOk,
          failures: 0,
          checkedMs: -Infinity,
        }
        const ageMs = last ? wallMs - Date.parse(last.at) : Infinity
        if (former?.version === version) {
          if (hasChanged) place.dueMs = turnAfter(share, 0)
        } else if (!former && ageMs >= 0 && ageMs < everyMs) {
          place.dueMs = turnAfter(share, Math.max(0, everyMs / 2 - ageMs))
        } else {
          place.dueMs = nowMs + share * burstMs
        }
        places.set(name, Object.assign(place, { version, share }))
      }
      for (const name of places.keys()) if (!names.includes(name)) places.delete(name)
      isFirst = false
    },
    takeDue(isBusy) {
      const nowMs = clock.monotonicMs()
      const due = [...places.values()].filter(({ dueMs }) => dueMs <= nowMs)
      for (const place of due) place.dueMs = turnAfter(place.share, everyMs / 2)
      return due.filter(({ name }) => !isBusy(name))
    },
    hasten(name, inMs) {
      const place = places.get(name)
      if (place) place.dueMs = Math.min(place.dueMs, clock.monotonicMs() + inMs)
    },
    places: () => places.values(),
  }
}
