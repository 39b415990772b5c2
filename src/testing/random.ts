/** The same numbers from 0 to 1 for the same seed (mulberry32), so that a seed repeats a run. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `CARAVAN_SEED`, or another one each time; printed, so that what it found can be found again. */
export function printedSeed(): number {
  const seed = Number(process.env.CARAVAN_SEED ?? Math.floor(Math.random() * 2 ** 31))
  process.stdout.write(`CARAVAN_SEED=${seed}\n`)
  return seed
}
