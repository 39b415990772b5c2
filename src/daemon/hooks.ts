/** Works off the webhooks that the listener has stored. */
import { handleHooks } from '../app/hooks/handle.ts'
import { intakeOf } from '../app/hooks/intake.ts'
import type { MakePart } from './part.ts'

/** How soon after its arrival an event is handled, at the latest; costs nothing while none arrives. */
const everyMs = 250
/** How often it is looked for what other processes have stored, and what is to be tried again. */
const lookEveryMs = 5000

export const makeHookHandler: MakePart = ({ app, clock, log, signal }) => {
  let lookedAtMs = -Infinity
  return {
    name: 'hooks',
    everyMs,
    async pass() {
      const now = app()
      const hasNews = intakeOf((await now.state()).db, clock).takeNews()
      if (!hasNews && clock.monotonicMs() - lookedAtMs < lookEveryMs) return
      lookedAtMs = -Infinity // what a failure has left undone is looked for at the next pass
      await handleHooks(now, { log, signal })
      lookedAtMs = clock.monotonicMs()
    },
  }
}
