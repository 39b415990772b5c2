import type { Clock } from '../core/clock.ts'
import { CaravanError, changed, IntegrationError, messageOf } from '../core/errors.ts'
import type { OperationShape } from '../core/kind.ts'
import type { Ask, Attempt, Call, Candidate, Reply, Service, ServiceCall } from './call.ts'
import { orderCandidates } from './order.ts'
import { mayNext } from './repeat.ts'
import { isOwnRefusal } from './retry.ts'
import { note, type Step } from './steps.ts'

export type FailoverOptions = { clock: Clock; random: () => number }

/** What became of one service's turn. */
type Failure = {
  candidate: Candidate
  error: unknown
  /** Undefined: it could not be opened or lacks the operation, and was never asked. */
  service: Service | undefined
  repeat: Call['repeat']
  /** A wait that was not spent on it; see `Call`. */
  askableAtMs: number | undefined
}

/** Asks the services of the route one after the other, as long as the repeat table allows the next one. */
export function failingOver({ clock, random }: FailoverOptions, next: Attempt): Ask {
  return async (call) => {
    const order = orderCandidates(call.route.candidates, random)
    const failures: Failure[] = []
    const take = async (
      candidate: Candidate,
      following?: Candidate,
    ): Promise<Reply | undefined> => {
      try {
        return replyOf(call, await askOne(call, candidate, next))
      } catch (error) {
        const failure = failureOf(call, candidate, error)
        failures.push(failure)
        if (!goesOn(call, failure)) throw told(call, failures, failure)
        if (order.length > 1) noteTurn(call, clock, failure, following)
        return undefined
      }
    }

    for (const [at, candidate] of order.entries()) {
      const following = order[at + 1]
      call.hasNext = following !== undefined || failures.some(isPatient)
      const reply = await take(candidate, following)
      if (reply) return reply
    }
    call.hasNext = false
    for (let one = soonest(call, failures); one; one = soonest(call, failures)) {
      failures.splice(failures.indexOf(one), 1)
      await waitFor(call, clock, one)
      const reply = await take(one.candidate)
      if (reply) return reply
    }
    throw told(call, failures, mostTelling(failures))
  }
}

async function askOne(call: Call, candidate: Candidate, next: Attempt): Promise<unknown> {
  call.service = undefined
  call.askableAtMs = undefined
  const service = await candidate.open()
  const offered = service.adapter.operations[call.operation]
  if (!offered) throw notOffered(service, call.operation)
  call.service = service
  if (!call.asked.includes(service)) call.asked.push(service)
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

const failureOf = (call: Call, candidate: Candidate, error: unknown): Failure => ({
  candidate,
  error,
  service: call.service,
  repeat: call.repeat,
  askableAtMs: call.askableAtMs,
})

/** What keeps a service from being opened concerns it alone, whatever it is; the rest the table decides. */
const goesOn = (call: Call, { service, error, repeat }: Failure): boolean =>
  !call.signal.aborted && (service === undefined || mayNext(error, repeat))

function noteTurn(call: Call, clock: Clock, failure: Failure, following?: Candidate): void {
  const { candidate, service, error } = failure
  const why = messageOf(error).replaceAll(/\s*\n\s*/g, ' ')
  const tell = (what: Step['what'], text: string) =>
    note(call, clock, what, text, undefined, candidate.name)
  if (service === undefined) return tell('skipped', why)
  if (following === undefined) return
  const wasTold = isOwnRefusal(error) // by the step before
  tell('failover', wasTold ? following.name : `${following.name}, after: ${why}`)
}

/** It was left because another one could be asked at once. */
const isPatient = ({ askableAtMs }: Failure): boolean => askableAtMs !== undefined

/** Of those that were left because another could be asked at once, the one that can be asked first. */
const soonest = (call: Call, failures: readonly Failure[]): Failure | undefined =>
  failures
    .filter(({ askableAtMs }) => askableAtMs !== undefined && askableAtMs < call.endsAtMs)
    .toSorted((a, b) => (a.askableAtMs ?? 0) - (b.askableAtMs ?? 0))[0]

/** Nobody else can serve, so the wait is worth it after all. */
async function waitFor(call: Call, clock: Clock, patient: Failure): Promise<void> {
  const waitMs = Math.max(0, (patient.askableAtMs ?? 0) - clock.monotonicMs())
  const { name } = patient.candidate
  note(call, clock, 'retry', 'no other service can serve: it is asked again', waitMs, name)
  if (waitMs > 0) await clock.sleep(waitMs, call.signal).catch(() => undefined)
  call.waitedMs += waitMs
}

/** When every service has failed: a refusal of one service's credentials or config says least about the call. */
function mostTelling(failures: readonly Failure[]): Failure | undefined {
  const most = Math.max(...failures.map(weightOf))
  return failures.findLast((failure) => weightOf(failure) === most)
}

function weightOf({ service, error }: Failure): number {
  if (service === undefined) return 0
  const isItsOwn = error instanceof IntegrationError && ['config', 'auth'].includes(error.kind)
  return isItsOwn ? 1 : 2
}

/** What was done once is not undone by what came after it. */
function told(call: Call, failures: readonly Failure[], decisive: Failure | undefined): unknown {
  const error = joined(call, failures, decisive)
  if (!call.isHarmlesslyInDoubt || !(error instanceof IntegrationError)) return error
  return changed(error, { outcome: 'unknown' })
}

/** One failure decides; what the other services said stands beside it, so that no cause is hidden. */
function joined(call: Call, failures: readonly Failure[], decisive: Failure | undefined): unknown {
  if (!decisive) return noCandidate()
  const { error, service, repeat } = decisive
  call.service = service
  call.repeat = repeat
  call.refusals = failures.map((one) => ({ service: one.candidate.name, error: one.error }))
  const others = failures.filter((failure) => failure !== decisive)
  if (others.length === 0) return error
  const said = others.map(({ candidate, error: other }) => `${candidate.name}: ${messageOf(other)}`)
  const beside = `Other services of the route: ${said.join('; ')}.`
  if (error instanceof IntegrationError) {
    const rows = failures.map((one) => ({
      service: one.candidate.name,
      error: messageOf(one.error),
    }))
    const hint = [error.hint, beside].filter(Boolean).join(' ')
    return changed(error, { hint, details: error.details ?? rows })
  }
  if (!(error instanceof CaravanError)) return error
  const { code, message, hint, see, cause } = error
  return new CaravanError({
    code,
    message,
    hint: [hint, beside].filter(Boolean).join(' '),
    see,
    cause,
  })
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
