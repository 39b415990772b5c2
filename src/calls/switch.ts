import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import type { Db } from '../store/schema.ts'
import { listSwitches, type Switch } from '../store/switches.ts'
import type { Attempt } from './call.ts'

/** Code of the failure that a service switched off by an operator answers with; nothing was sent. */
export const switchedOff = 'service_disabled'

/**
 * How long what was read is believed: so much later a running job notices that an operator of another process switched
 * its service off. One read for each call would show in a bulk sync.
 */
const freshMs = 250

/** Lets nothing leave for a service that an operator has switched off, also in the middle of a run. */
export function switching({ db, clock }: { db: Db; clock: Clock }, next: Attempt): Attempt {
  let known: { readAtMs: number; switches: Promise<Map<string, Switch>> } | undefined
  const readSwitches = (): Promise<Map<string, Switch>> => {
    const nowMs = clock.monotonicMs()
    if (known && nowMs - known.readAtMs < freshMs) return known.switches
    const switches = listSwitches(db, clock.now())
    known = { readAtMs: nowMs, switches }
    // A busy file is asked again by the next call, not after a while.
    switches.catch(() => (known = undefined))
    return switches
  }
  return async (call) => {
    const held = (await readSwitches()).get(call.service.name)
    if (held) throw refused(held)
    return next(call)
  }
}

const refused = ({ service, setBy, reason }: Switch): IntegrationError =>
  new IntegrationError({
    kind: 'unavailable',
    code: switchedOff,
    outcome: 'not_done',
    message: `switched off by ${setBy}${reason ? `: ${reason}` : ''}`,
    hint: `Nothing was sent. Switch it on with "caravan enable ${service}".`,
  })
