import type { CallStep } from '../app/call.ts'
import type { Cli } from './cli.ts'
import { say } from './output/print.ts'
import { formatDuration } from './output/time.ts'

const patienceMs = 3000
const notedWaitMs = 1000

/**
 * Runs a call and says on stderr what it waits for, so that a minute of silence is not taken for a hang. The words of a
 * failure are left to its error: here they are not redacted yet.
 */
export async function sayWaits<T>(
  { io, clock, signal }: Cli,
  work: (onStep: (step: CallStep) => void) => Promise<T>,
): Promise<T> {
  const done = new AbortController()
  const either = AbortSignal.any([signal, done.signal])
  clock
    .sleep(patienceMs, either)
    .then(() => say(io(), 'No answer yet; still waiting. Ctrl-C ends the call.'))
    .catch(() => undefined)
  try {
    return await work(({ what, service, text, ms = 0 }) => {
      if (ms < notedWaitMs || what !== 'retry') return
      const [turn = ''] = text.split(', after: ')
      say(io(), `${service ?? 'It'} is asked again in ${formatDuration(ms)}: ${turn}.`)
    })
  } finally {
    done.abort()
  }
}
