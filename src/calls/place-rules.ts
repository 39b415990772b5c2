/** Who gets a place, as a pure function; `places.ts` keeps them in the database, shared by all processes. */
import type { Place, PlaceChange } from '../store/places.ts'
import type { ProcessIdentity } from '../store/process-identity.ts'

export type PlaceWish = {
  holder: string
  process: ProcessIdentity
  /** How many more places could be used at once; 0: none, and it waits for none. */
  wanted: number
  giveBack: readonly number[]
  /** Calls in flight that the service allows, over all processes. */
  concurrent: number
  nowMs: number
  leaseMs: number
  /** Whether a process is known to have ended, so that its lease holds nothing. */
  isGone(process: ProcessIdentity): boolean
}

/** Clocks of two hosts may differ by this much; a lease that ends later than it can was given before a step back. */
const clockToleranceMs = 5000

/** Those whose lease holds. One's own do as long as nobody has taken them. */
export const livePlaces = (
  places: readonly Place[],
  wish: Pick<PlaceWish, 'holder' | 'nowMs' | 'leaseMs' | 'isGone'>,
): Place[] =>
  places.filter(
    ({ holder, process, leaseUntilMs }) =>
      holder === wish.holder ||
      (leaseUntilMs > wish.nowMs &&
        leaseUntilMs - wish.nowMs <= wish.leaseMs + clockToleranceMs &&
        !wish.isGone(process)),
  )

/** Those who wait, besides oneself; who came first stands first. */
export const waitingOthers = (live: readonly Place[], holder: string): Place[] =>
  live
    .filter((place) => place.number < 0 && place.holder !== holder)
    .toSorted((a, b) => b.number - a.number)

/**
 * Gives back, takes and renews the places of one process. When others are about, it takes no more than its share while
 * anybody waits, and nothing before those who came earlier: each of them is owed one. Whoever has less than its share
 * and wants more stands in line; a place in the line is a row with a number below 0, the newest the lowest.
 */
export function settlePlaces(places: readonly Place[], wish: PlaceWish): PlaceChange {
  const { holder, process, wanted, giveBack, concurrent, nowMs, leaseMs } = wish
  const live = livePlaces(places, wish)
  const remove = places.filter((place) => !live.includes(place)).map(({ number }) => number)
  const put: Place[] = []

  const isMine = (place: Place) => place.holder === holder
  const held = live.filter((place) => place.number >= 0)
  const returned = held.filter((place) => isMine(place) && giveBack.includes(place.number))
  remove.push(...returned.map(({ number }) => number))
  const lent = held.filter((place) => !returned.includes(place))
  const mine = lent.filter(isMine)

  const spot = live.find((place) => place.number < 0 && isMine(place))
  const others = waitingOthers(live, holder)
  const ahead = others.filter(({ number }) => !spot || number > spot.number).length
  const processes = new Set([...live.map((place) => place.holder), holder]).size
  const share = Math.max(1, Math.floor(concurrent / processes))

  const free = Math.max(0, concurrent - lent.length)
  const allowed = others.length === 0 ? free : Math.min(share - mine.length, free - ahead)
  const taken = Math.max(0, Math.min(wanted, allowed))
  const used = new Set(lent.map(({ number }) => number))
  const leaseUntilMs = nowMs + leaseMs
  for (let number = 0; put.length < taken; number++) {
    if (!used.has(number)) put.push({ number, holder, process, leaseUntilMs })
  }

  const isStale = (place: Place) => place.leaseUntilMs - nowMs < (leaseMs * 2) / 3
  for (const place of mine) if (isStale(place)) put.push({ ...place, leaseUntilMs })
  const waits = wanted > taken && mine.length + taken < share
  if (spot && !waits) remove.push(spot.number)
  if (spot && waits && isStale(spot)) put.push({ ...spot, leaseUntilMs })
  if (!spot && waits) {
    const number = Math.min(0, ...live.map((place) => place.number)) - 1
    put.push({ number, holder, process, leaseUntilMs })
  }
  return { put, remove }
}
