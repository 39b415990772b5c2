import type { BreakerState } from '../../calls/breaker-state.ts'
import { isGroup } from '../../config/tree.ts'
import { listBreakers } from '../../store/breakers.ts'
import { lastSuccessByService } from '../../store/list-calls.ts'
import { listSwitches, type Switch } from '../../store/switches.ts'
import type { Check, Finding } from './check.ts'
import type { Patient } from './patient.ts'
import { dayMs, instantText, spanText } from './texts.ts'

const id = 'services'

const quietMs = 7 * dayMs
const forgottenMs = 30 * dayMs

/** What the state and the log say about the services of the file. */
type Known = {
  breakers: Map<string, BreakerState>
  switches: Map<string, Switch>
  successes: Map<string, string>
  nowMs: number
}

export const services: Check = {
  id,
  title: 'Services',
  async run(patient) {
    const { raw, config } = await patient.config()
    const names = isGroup(raw.services) ? Object.keys(raw.services) : []
    const known = await knownOf(patient)
    return names.flatMap((name) => {
      const entry = config.services[name]
      if (!entry) return [faulty(name)]
      const held = known.switches.get(name)
      if (held) return ofSwitch(name, held, known)
      return entry.enabled ? [...ofBreaker(name, known), ...ofSuccess(name, known)] : []
    })
  },
}

async function knownOf(patient: Patient): Promise<Known> {
  const { db } = await patient.state()
  const log = await patient.log().catch(() => undefined)
  return {
    breakers: await listBreakers<BreakerState>(db),
    switches: await listSwitches(db, patient.now),
    successes: log ? await lastSuccessByService(log.db) : new Map(),
    nowMs: patient.now.getTime(),
  }
}

const faulty = (name: string): Finding => ({
  check: id,
  severity: 'problem',
  what: `the service ${name} cannot be used: its config has a fault`,
  mend: 'caravan config check',
})

function ofSwitch(name: string, { until, setAt, setBy, reason }: Switch, known: Known): Finding[] {
  if (until !== null || known.nowMs - Date.parse(setAt) < forgottenMs) return []
  return [
    {
      check: id,
      severity: 'warning',
      what: `the service ${name} has been switched off since ${instantText(setAt)}, without an end`,
      why: `by ${setBy}${reason ? `: ${reason}` : ''}`,
      mend: `caravan enable ${name}`,
    },
  ]
}

function ofBreaker(name: string, { breakers, nowMs }: Known): Finding[] {
  const state = breakers.get(name)
  if (!state) return []
  if (state.heldConfig) {
    return [
      {
        check: id,
        severity: 'problem',
        what: `calls to ${name} are held: ${state.reason ?? 'the credentials were refused'}`,
        why: 'vendors lock accounts after more; it is lifted when the config of the service changes',
        mend: `caravan edit ${name}`,
      },
    ]
  }
  if (state.status === 'closed') return []
  const since = new Date(state.openUntilMs - state.openForMs)
  const isOver = state.openUntilMs <= nowMs
  return [
    {
      check: id,
      severity: 'warning',
      what: `the breaker of ${name} has been open since ${instantText(since)}`,
      why: `${state.reason ?? 'too many failures'}; ${isOver ? 'the next call' : `a call after ${instantText(new Date(state.openUntilMs))}`} is let through as a probe`,
      mend: `caravan test ${name}`,
    },
  ]
}

function ofSuccess(name: string, { successes, nowMs }: Known): Finding[] {
  const last = successes.get(name)
  const quiet = last === undefined ? Infinity : nowMs - Date.parse(last)
  if (quiet < quietMs) return []
  const what =
    last === undefined
      ? `no call to ${name} has ever succeeded`
      : `the last call to ${name} that succeeded was ${spanText(quiet)} ago (${instantText(last)})`
  return [{ check: id, severity: 'warning', what, mend: `caravan test ${name}` }]
}
