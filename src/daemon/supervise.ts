/** Keeps the parts of the daemon going, each for itself: what one of them meets ends no other one. */
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { counted } from '../core/words.ts'
import type { Part } from './part.ts'

export type Supervised = {
  name: string
  /** The next pass comes at once; when one is under way, right after it. */
  wake(): void
  /** Whether a pass is under way. */
  isAtWork(): boolean
  /** Resolves when the last pass is over and the part has stopped. Never rejects. */
  ended: Promise<void>
}

/** The longest rest after failures, unless the part rests longer by itself. */
const longestRestMs = 60_000

/** Passes come until `signal` is aborted; then the part is stopped. */
export function supervise(
  part: Part,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): Supervised {
  let isAtWork = false
  let isWanted = false
  let resting = new AbortController()
  let failures = 0
  let cause = ''

  async function keepGoing(): Promise<void> {
    while (!signal.aborted) {
      isWanted = false
      await pass()
      await rest()
    }
    try {
      await part.stop?.()
    } catch (error) {
      log.error(`${part.name} did not stop in order`, { error })
    }
  }

  async function pass(): Promise<void> {
    isAtWork = true
    try {
      await part.pass()
      if (failures > 0)
        log.info(`${part.name} no longer fails, after ${counted(failures, 'failure')}`)
      failures = 0
      cause = ''
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      const met = messageOf(error)
      // Once per cause: a disk that stays full would fill whatever keeps the log.
      if (met === cause) log.debug(`${part.name} failed again`, { error })
      else log.error(`${part.name} failed and will try again`, { error })
      cause = met
    } finally {
      isAtWork = false
    }
  }

  async function rest(): Promise<void> {
    if (isWanted || signal.aborted) return
    resting = new AbortController()
    const either = AbortSignal.any([resting.signal, signal])
    await clock.sleep(restMs(part.everyMs, failures), either).catch(() => undefined)
  }

  return {
    name: part.name,
    wake() {
      isWanted = true
      resting.abort('woken')
    },
    isAtWork: () => isAtWork,
    ended: keepGoing(),
  }
}

/** Doubled with each failure after the first. */
const restMs = (everyMs: number, failures: number): number =>
  failures === 0
    ? everyMs
    : Math.max(
        everyMs,
        Math.min(longestRestMs, Math.max(100, everyMs) * 2 ** Math.min(20, failures - 1)),
      )
