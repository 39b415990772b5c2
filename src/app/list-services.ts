import { listSwitches, type Switch } from '../store/switches.ts'
import type { ServiceInfo } from './answers/services.ts'
import type { App } from './app.ts'

/** The services of the file, each with the wish of the file and the operator's switch joined to one state. */
export async function listServices(app: App): Promise<{ services: ServiceInfo[]; faults: number }> {
  const { services, faults } = await app.overview()
  const switches = await listSwitches((await app.state()).db, app.clock.now())
  return {
    faults,
    services: services.map(({ enabled, isFaulty, ...service }) => {
      const stands = standing(enabled, switches.get(service.name))
      return { ...service, ...stands, ...(isFaulty && faulty(stands)) }
    }),
  }
}

/** A fault keeps a service from being used whatever else holds; the switch is told all the same. */
const faulty = ({ switched_by, why }: Standing): Pick<ServiceInfo, 'state' | 'why'> => ({
  state: 'faulty',
  why: ['its config has a fault: caravan config check', ...(switched_by ? [why] : [])].join('; '),
})

export type Standing = Pick<
  ServiceInfo,
  'state' | 'wish' | 'why' | 'switched_by' | 'switched_at' | 'reason' | 'until'
>

/** The operator's switch is stronger than the wish of the file. */
export function standing(isWanted: boolean, held: Switch | undefined): Standing {
  const wish = isWanted ? 'enabled' : 'disabled'
  if (held) {
    const reason = held.reason ? `: ${held.reason}` : ''
    const why = `switched off by ${held.setBy}${reason}`
    return { state: 'disabled', wish, why, ...switchInfo(held) }
  }
  const none = { switched_by: null, switched_at: null, reason: null, until: null }
  return { state: wish, wish, why: isWanted ? null : 'in the config', ...none }
}

/** A switch as JSON shows it. */
export const switchInfo = ({ setBy, setAt, reason, until }: Switch) => ({
  switched_by: setBy,
  switched_at: setAt,
  reason: reason || null,
  until,
})
