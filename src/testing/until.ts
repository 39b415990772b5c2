import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** Waits until what a process prints holds what is waited for. Rejects with `tell` when the process ends before. */
export async function untilThere(
  isThere: () => boolean,
  printing: { streams: readonly Readable[]; ended: Promise<unknown>; tell(): string },
): Promise<void> {
  const { streams, ended, tell } = printing
  const end = ended.then(() => 'ended')
  while (!isThere()) {
    const event = await Promise.race([...streams.map((stream) => once(stream, 'data')), end])
    if (event === 'ended' && !isThere()) throw new Error(tell())
  }
}
