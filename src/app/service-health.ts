/** The one rule by which a service is called ok or failing. */
import type { HealthCheck } from '../store/health-checks.ts'
import type { LoggedCall } from '../store/list-calls.ts'

export type ServiceHealth = {
  health: 'ok' | 'failing' | 'unknown'
  /** What says so; null: nothing does. */
  health_from: 'check' | 'call' | null
  /** When it ended. */
  health_at: string | null
  /** Id of the call, that of the check too. */
  health_call: string | null
}

/** How many calls back something is looked for that tells of the service. */
export const callsLookedAt = 10

type Told = Pick<LoggedCall, 'id' | 'outcome' | 'error_kind' | 'started_at' | 'finished_at'>

/**
 * By whichever ended last of the health check and the calls. What was refused for its input was answered, so it tells of
 * the service only where nothing else does; a call given up, or still going on, tells nothing.
 */
export function healthOf(calls: readonly Told[], check: HealthCheck | undefined): ServiceHealth {
  const words = calls
    .filter(({ id }) => id !== check?.callId)
    .flatMap((call): ServiceHealth[] => {
      const health = wordOf(call)
      const at = call.finished_at ?? call.started_at
      if (!health) return []
      return [{ health, health_from: 'call', health_at: at, health_call: call.id }]
    })
  if (check) {
    words.push({
      health: check.isOk ? 'ok' : 'failing',
      health_from: 'check',
      health_at: new Date(Date.parse(check.at) + check.durationMs).toISOString(),
      health_call: check.callId,
    })
  }
  const [newest] = words.toSorted(
    (a, b) => Date.parse(b.health_at ?? '') - Date.parse(a.health_at ?? ''),
  )
  if (newest) return newest
  const answered = calls.find(({ error_kind: kind }) => kind === 'rejected')
  return {
    health: answered ? 'ok' : 'unknown',
    health_from: answered ? 'call' : null,
    health_at: answered ? (answered.finished_at ?? answered.started_at) : null,
    health_call: answered?.id ?? null,
  }
}

function wordOf({ outcome, error_kind: kind }: Told): 'ok' | 'failing' | undefined {
  if (outcome === 'done' || outcome === 'partial') return 'ok'
  if (outcome === 'accepted' || outcome === 'running') return undefined
  return kind === 'rejected' || kind === 'cancelled' ? undefined : 'failing'
}
