import type { Clock } from '../core/clock.ts'
import { CaravanError, changed, IntegrationError, messageOf } from '../core/errors.ts'
import type { OperationShape } from '../core/kind.ts'
import type { Ask, Attempt, Call, Candidate, Reply, Service, ServiceCall } from './call.ts'
import { orderCandidates } from './order.ts'
import { mayNext } from './repeat.ts'
import { note } from './steps.ts'

export type FailoverOptions = { clock: Clock; random: () => number }

type Failure = { service: string; error: unknown }

/** Asks the services of the route one after the other, as long as the repeat table allows the next one. */
export function failingOver({ clock, random }: FailoverOptions, next: Attempt): Ask {
  return async (call) => {
    const { candidates } = call.route
    const failures: Failure[] = []
    const order = orderCandidates(candidates, random)
    for (const [at, candidate] of order.entries()) {
      call.hasNext = at < order.length - 1
      try {
        return replyOf(call, await askOne(call, candidate, next))
      } catch (error) {
        failures.push({ service: candidate.name, error })
        if (call.signal.aborted || !mayNext(error, call.repeat) || !call.hasNext) break
        const what = call.service?.name === candidate.name ? 'failover' : 'skipped'
        note(call, clock, what, `${candidate.name}: ${messageOf(error)}`)
      }
    }
    throw joined(failures)
  }
}

async function askOne(call: Call, candidate: Candidate, next: Attempt): Promise<unknown> {
  const service = await candidate.open()
  const offered = service.adapter.operations[call.operation]
  if (!offered) throw notOffered(service, call.operation)
  call.service = service
  call.asked.push(service)
  call.repeat = offered.repeat
  call.renewal = 'none'
  return next(call as ServiceCall)
}

function replyOf(call: Call, output: unknown): Reply {
  const shape = call.route.kind.operations[call.operation] as OperationShape
  const isPartial = shape.isPartial?.(output as never) ?? false
  return {
    outcome: isPartial ? 'partial' : 'done',
    output,
    service: call.service?.name ?? null,
    ageMs: null,
    isStale: false,
  }
}

/**
 * The failure of the service that was asked last decides, for it is why nothing more was tried; what the others said
 * stands beside it, so that no cause is hidden behind "all have failed".
 */
function joined(failures: readonly Failure[]): unknown {
  const last = failures.at(-1)
  if (!last) return noCandidate()
  if (failures.length === 1 || !(last.error instanceof IntegrationError)) return last.error
  const others = failures.slice(0, -1)
  const rows = failures.map(({ service, error }) => ({ service, error: messageOf(error) }))
  const told = others.map(({ service, error }) => `${service}: ${messageOf(error)}`).join('; ')
  const hint = `${last.error.hint ?? ''} Asked before: ${told}.`.trim()
  return changed(last.error, { hint, details: last.error.details ?? rows })
}

const noCandidate = (): CaravanError =>
  new CaravanError({ code: 'no_service', message: 'the route has no service' })

/** Says nothing about the request: another service of the route may offer it. */
export const notOffered = (service: Service, operation: string): IntegrationError =>
  new IntegrationError({
    kind: 'config',
    outcome: 'not_done',
    code: 'not_offered',
    message: `${service.name} (${service.adapter.title}) does not offer ${operation}`,
    hint: `It offers: ${Object.keys(service.adapter.operations).join(', ')}.`,
  })
