/** Several pieces of work under way at once, their results in the order of the pieces. */

/** What the pieces share. */
export type Lane = {
  /** Aborted when the run is stopped, or when one piece has met what every piece will meet. */
  signal: AbortSignal
  /** Stops every piece; the first reason given is what the reader is told. */
  stop(reason: unknown): void
  /** Makes a call when its turn has come. First come, first served, so that pieces are done in their order. */
  call<T>(make: () => Promise<T>): Promise<T>
}

export type AheadOptions = {
  /** Pieces begun and not yet handed out, at most. */
  depth: number
  /** Pieces handed out together, at most `depth`; the others go on meanwhile. */
  together: number
  /** Calls of all pieces that are made at once. */
  calls: number
  signal: AbortSignal
}

/**
 * Works on up to `depth` pieces at once. The first goes alone: what is wrong with all of them, such as a refused
 * password, is then met once. When one fails or the reader leaves, the others are stopped and waited for.
 */
export async function* workAhead<Piece, Result>(
  pieces: AsyncIterable<Piece>,
  work: (piece: Piece, lane: Lane, isFirst: boolean) => Promise<Result>,
  { depth, together, calls, signal }: AheadOptions,
): AsyncGenerator<Result[]> {
  const controller = new AbortController()
  const stop = (reason: unknown) => controller.abort(reason)
  const lane = {
    signal: AbortSignal.any([signal, controller.signal]),
    stop,
    call: inTurn(calls),
  }
  const pending: Promise<Result>[] = []
  const hand = async (count: number) => {
    const results = await Promise.allSettled(pending.slice(0, count))
    lane.signal.throwIfAborted() // the reason of all, not what it did to this piece
    pending.splice(0, count)
    return results.map((result) => (result as PromiseFulfilledResult<Result>).value)
  }
  let isFirst = true
  try {
    for await (const piece of pieces) {
      const result = work(piece, lane, isFirst)
      result.catch(stop)
      pending.push(result)
      if (isFirst) yield await hand(1)
      else if (pending.length === depth) yield await hand(together)
      isFirst = false
    }
    while (pending.length > 0) yield await hand(together)
  } finally {
    stop(undefined)
    await Promise.allSettled(pending)
  }
}

/** At most `places` calls at once; the others wait in a row. */
function inTurn(places: number): Lane['call'] {
  const waiting: (() => void)[] = []
  let free = places
  return async (make) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await make()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
