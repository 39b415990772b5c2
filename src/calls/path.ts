/** The call path: what guards a call, stacked in one place, outside in. */
import type { CheckReport } from '../core/adapter.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import type { CallOptions, OperationShape } from '../core/kind.ts'
import type { Db } from '../store/schema.ts'
import { breaking } from './breaker.ts'
import type { Attempt, Call, Service } from './call.ts'
import { startCallDeadline } from './deadline.ts'
import { createGate, type Gate } from './gate.ts'
import { limiting } from './limits.ts'
import type { CallLog } from './log.ts'
import { nameFailure } from './name-failure.ts'
import { checking, type OperateOptions, operating } from './operate.ts'
import { renewing } from './renew.ts'
import { retrying } from './retry.ts'
import type { Semaphore } from './semaphore.ts'
import { switching } from './switch.ts'

export type PathOptions = {
  db: Db
  log: CallLog
  clock: Clock
  random?: () => number
  env?: Readonly<Record<string, string | undefined>>
  /** Told when the state cannot take what a finished call means for the breaker or the limit. The call is not failed. */
  onTrouble?(error: unknown): void
}

export type Sink = NonNullable<Call['sink']>

export type CallPath = {
  /** Asks a service for one operation. Throws an `IntegrationError` that names the service and the call. */
  call(
    service: Service,
    operation: string,
    input: unknown,
    options?: CallOptions & { runId?: string; sink?: Sink; correlationId?: string },
  ): Promise<unknown>
  /**
   * Runs the adapter's own connection test, under the same guards and in the same log. `isDraft`: the config is not in
   * force yet, so its failures are not held against the service, and neither does an open breaker keep it from a test.
   */
  check(
    service: Service,
    signal?: AbortSignal,
    options?: { isDraft?: boolean },
  ): Promise<CheckReport>
}

export function createCallPath(options: PathOptions): CallPath {
  const { db, log, clock, random = Math.random, env = {}, onTrouble = () => undefined } = options
  const gates = new WeakMap<Service, Gate>()
  const gateOf = (service: Service): Gate => {
    const gate = gates.get(service) ?? createGate(db, service, clock)
    gates.set(service, gate)
    return gate
  }
  const operate: OperateOptions = { clock, gateOf, env, onExchange: log.exchange }
  const shared = { db, clock, onTrouble, places: new WeakMap<Service, Semaphore>() }
  const limit = (innermost: Attempt): Attempt =>
    renewing(clock, limiting(shared, counting(innermost)))
  const guard = (innermost: Attempt): Attempt => breaking(shared, limit(innermost))
  const attempt = retrying({ clock, random }, switching(shared, guard(operating(operate))))
  // A service that is switched off is tested before it is switched on again.
  const attemptCheck = retrying({ clock, random }, guard(checking(operate)))
  const attemptDraft = retrying({ clock, random }, limit(checking(operate)))

  async function run(call: Call, caller: AbortSignal | undefined, through: Attempt) {
    const clear = startCallDeadline(call, caller, clock)
    try {
      const output = await through(call)
      log.finish(call, { output })
      return output
    } catch (error) {
      const told = nameFailure(call, error)
      log.finish(call, { error: told })
      throw told
    } finally {
      clear()
    }
  }

  return {
    async call(service, operation, input, asked = {}) {
      const shape = service.adapter.kind.operations[operation] as OperationShape | undefined
      const offered = service.adapter.operations[operation]
      if (!shape || !offered) throw notOffered(service, operation)
      if (shape.item && !asked.sink) throw noSink(operation)
      const { repeat } = offered
      const checked = checkInput(shape, operation, input)
      const call = newCall(service, operation, clock, { ...asked, repeat, effect: shape.effect })
      call.input = checked
      call.sink = asked.sink
      return run(call, asked.signal, attempt)
    },
    async check(service, signal, { isDraft = false } = {}) {
      const effect = service.adapter.checkEffect ?? 'read'
      const repeat = effect === 'read' ? 'safe' : 'once'
      const call = newCall(service, 'check', clock, { repeat, effect })
      const report = (await run(call, signal, isDraft ? attemptDraft : attemptCheck)) as
        string | CheckReport
      return typeof report === 'string' ? { saw: report } : report
    },
  }
}

type NewCall = CallOptions &
  Pick<Call, 'repeat' | 'effect'> & { runId?: string; correlationId?: string }

function newCall(service: Service, operation: string, clock: Clock, options: NewCall): Call {
  const id = newId()
  return {
    id,
    service,
    operation,
    input: {},
    repeat: options.repeat,
    effect: options.effect,
    idempotencyKey: options.idempotencyKey ?? id,
    correlationId: options.correlationId ?? options.runId ?? id,
    runId: options.runId,
    signal: neverAborted,
    startedAt: clock.now(),
    attempts: 0,
    exchanges: 0,
    waitedMs: 0,
    endsAtMs: Infinity,
    isInDoubt: false,
    renewal: 'none',
  }
}

/** Stands in until the deadline of the call begins. */
const neverAborted = new AbortController().signal

/** All faults of an input at once, in the caller's words. */
function checkInput(shape: OperationShape, operation: string, input: unknown): unknown {
  const checked = shape.input.safeParse(input)
  if (checked.success) return checked.data
  const faults = checked.error.issues.map(
    ({ path, message }) => `  ${path.join('.') || 'the input'}: ${message}`,
  )
  throw new CaravanError({
    code: 'input_invalid',
    message: `the input of ${operation} is not what it takes:\n${faults.join('\n')}`,
  })
}

const counting =
  (next: Attempt): Attempt =>
  (call) => {
    call.attempts += 1
    return next(call)
  }

const notOffered = (service: Service, operation: string): CaravanError =>
  new CaravanError({
    code: 'no_service',
    message: `${service.name} (${service.adapter.title}) does not offer ${operation}`,
    hint: `It offers: ${Object.keys(service.adapter.operations).join(', ')}.`,
  })

const noSink = (operation: string): CaravanError =>
  new CaravanError({
    code: 'input_invalid',
    message: `${operation} lists items, and nothing was given to take them`,
  })
