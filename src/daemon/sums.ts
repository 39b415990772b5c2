import { sumUp } from '../store/metrics.ts'
import type { MakePart } from './part.ts'

const everyMs = 60_000

/** Sums up what services did since the last time, so that whoever asks for figures need not wait for it. */
export const makeSums: MakePart = ({ app, signal }) => ({
  name: 'sums',
  everyMs,
  async pass() {
    const { db } = await app().log()
    await sumUp(db, { isOver: () => signal.aborted })
  },
})
