/** Removes what the file no longer wants kept. */
import { cleanUp } from '../app/retention.ts'
import type { DaemonContext, Part } from './part.ts'

const everyMs = 60_000

/** Most passes do nothing: one process an hour takes its turn. */
export const makeCleanup = ({ app, signal }: DaemonContext): Part => ({
  name: 'cleanup',
  everyMs,
  async pass() {
    if (!signal.aborted) await cleanUp(app())
  },
})
