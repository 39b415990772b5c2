import { listSwitches, type Switch } from '../store/switches.ts'
import type { App } from './app.ts'
import type { ServiceOverview } from './overview.ts'

export type ServiceInfo = Omit<ServiceOverview, 'enabled' | 'isFaulty'> & {
  state: 'enabled' | 'disabled' | 'faulty'
  /** Why it is not enabled; null when it is. */
  why: string | null
  /** When an operator's switch ends by itself; null: never, or there is none. */
  until: string | null
}

/** The services of the file, each with the wish of the file and the operator's switch joined to one state. */
export async function listServices(app: App): Promise<{ services: ServiceInfo[]; faults: number }> {
  const { services, faults } = await app.overview()
  const switches = await listSwitches((await app.state()).db, app.clock.now())
  return {
    faults,
    services: services.map(({ enabled, isFaulty, ...service }) => ({
      ...service,
      ...(isFaulty ? faulty : standing(enabled, switches.get(service.name))),
    })),
  }
}

const faulty = {
  state: 'faulty',
  why: 'its config has a fault: caravan config check',
  until: null,
} as const

/** The operator's switch is stronger than the wish of the file. */
export function standing(
  isWanted: boolean,
  held: Switch | undefined,
): Pick<ServiceInfo, 'state' | 'why' | 'until'> {
  if (held) {
    const reason = held.reason ? `: ${held.reason}` : ''
    return { state: 'disabled', why: `by ${held.setBy}${reason}`, until: held.until ?? null }
  }
  return isWanted
    ? { state: 'enabled', why: null, until: null }
    : { state: 'disabled', why: 'in the config', until: null }
}
