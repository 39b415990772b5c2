import type { Config } from '../../config/schema.ts'
import { listChannels } from '../../store/alert-channels.ts'
import type { Check, Finding } from './check.ts'
import { instantText } from './texts.ts'

const id = 'alerts'

export const alerts: Check = {
  id,
  title: 'Channels of alerts',
  async run(patient) {
    const { config } = await patient.config()
    const { channels } = config.alerts
    if (channels.length === 0) return runsByItself(config) ? [nobody] : []
    const { db } = await patient.state()
    const known = (await listChannels(db)).filter(({ service }) => channels.includes(service))
    return [
      ...known.flatMap(({ service, failingSince, error }) =>
        failingSince === null ? [] : [failing(service, failingSince, error)],
      ),
      ...channels
        .filter((name) => !known.some(({ service }) => service === name))
        .map((name) => untried(name)),
    ]
  },
}

/** What a person starts tells that person how it went. */
const runsByItself = ({ jobs, listen }: Config): boolean =>
  listen !== undefined ||
  Object.values(jobs).some(({ schedule, enabled }) => schedule !== undefined && enabled)

const nobody: Finding = {
  check: id,
  severity: 'note',
  what: 'nobody is told when something is wrong: alerts.channels names no service',
  why: 'what is wrong is recorded all the same: caravan alerts',
  mend: 'Add a service of kind alert ("caravan adapters" lists them) and name it in alerts.channels.',
}

const failing = (service: string, since: string, error: string | null): Finding => ({
  check: id,
  severity: 'problem',
  what: `${service} has not delivered an alert since ${instantText(since)}`,
  ...(error && { why: error }),
  mend: `caravan alerts test --channel ${service}`,
})

const untried = (service: string): Finding => ({
  check: id,
  severity: 'note',
  what: `whether alerts arrive through ${service} was never tried`,
  mend: `caravan alerts test --channel ${service}`,
})
