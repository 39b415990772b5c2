/** The call path: what guards a call, stacked in one place, outside in. */
import type { Clock } from '../core/clock.ts'
import { CaravanError, IntegrationError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import type { CallOptions, OperationShape } from '../core/kind.ts'
import type { Db } from '../store/schema.ts'
import { breaking } from './breaker.ts'
import type { Call, Service } from './call.ts'
import { createGate, type Gate, limiting } from './limits.ts'
import type { CallLog } from './log.ts'
import { contextFor, type OperateOptions, operating } from './operate.ts'
import { retrying } from './retry.ts'

export type PathOptions = {
  db: Db
  log: CallLog
  clock: Clock
  random?: () => number
  env?: Readonly<Record<string, string | undefined>>
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
  /** Runs the adapter's own connection test, under the same guards and in the same log. */
  check(service: Service, signal?: AbortSignal): Promise<string>
}

export function createCallPath({
  db,
  log,
  clock,
  random = Math.random,
  env = {},
}: PathOptions): CallPath {
  const gates = new Map<string, Gate>()
  const gateOf = (service: Service): Gate => {
    const gate = gates.get(service.name) ?? createGate(db, service, clock)
    gates.set(service.name, gate)
    return gate
  }
  const operate: OperateOptions = { clock, gateOf, env, onExchange: log.exchange }
  const guard = (innermost: (call: Call) => Promise<unknown>) =>
    retrying(
      { clock, random },
      breaking({ db, clock }, limiting({ db, clock }, counting(innermost))),
    )
  const attempt = guard(operating(operate))
  const attemptCheck = guard((call) => call.service.adapter.check(contextFor(call, operate)))

  async function run(call: Call, through: (call: Call) => Promise<unknown>): Promise<unknown> {
    const deadline = startCallDeadline(call, clock)
    try {
      const output = await through(call)
      log.finish(call, { output })
      return output
    } catch (error) {
      const told = nameCall(call, error)
      log.finish(call, { error: told })
      throw told
    } finally {
      deadline.clear()
    }
  }

  return {
    async call(service, operation, input, options = {}) {
      const shape = service.adapter.kind.operations[operation] as OperationShape | undefined
      const offered = service.adapter.operations[operation]
      if (!shape || !offered) throw notOffered(service, operation)
      const { repeat } = offered
      const call = newCall(service, operation, clock, { ...options, repeat, effect: shape.effect })
      call.input = checkInput(shape, operation, input)
      call.sink = options.sink
      return run(call, attempt)
    },
    async check(service, signal) {
      const call = newCall(service, 'check', clock, { signal, repeat: 'safe', effect: 'read' })
      return String(await run(call, attemptCheck))
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
    signal: options.signal ?? new AbortController().signal,
    startedAt: clock.now(),
    attempts: 0,
    exchanges: 0,
    waitedMs: 0,
  }
}

/** All faults of an input at once, in the caller's words. */
function checkInput(shape: OperationShape, operation: string, input: unknown): unknown {
  const checked = shape.input.safeParse(input)
  if (checked.success) return checked.data
  const faults = checked.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`)
  throw new CaravanError({
    code: 'input_invalid',
    message: `the input of ${operation} is not what it takes:\n${faults.join('\n')}`,
  })
}

const counting =
  (next: (call: Call) => Promise<unknown>) =>
  (call: Call): Promise<unknown> => {
    call.attempts += 1
    return next(call)
  }

/** One deadline for the whole call, waits and repetitions included; the caller's signal ends it too. */
function startCallDeadline(call: Call, clock: Clock): { clear(): void } {
  const controller = new AbortController()
  const timer = new AbortController()
  const caller = call.signal
  const cancel = () => controller.abort(cancelled())
  if (caller.aborted) cancel()
  caller.addEventListener('abort', cancel, { once: true })
  const { deadlineMs } = call.service.guards
  const expire = () => controller.abort(late(deadlineMs))
  clock.sleep(deadlineMs, timer.signal).then(expire, () => undefined)
  call.signal = controller.signal
  return {
    clear() {
      timer.abort()
      caller.removeEventListener('abort', cancel)
    },
  }
}

const cancelled = (): IntegrationError =>
  new IntegrationError({ kind: 'cancelled', outcome: 'unknown', message: 'the call was cancelled' })

const late = (deadlineMs: number): IntegrationError =>
  new IntegrationError({
    kind: 'timeout',
    message: `not done within ${deadlineMs / 1000} s, repetitions included`,
    hint: 'Raise retry.deadline of the service if the vendor usually takes this long.',
  })

/** Says who failed at what, and where the log has it. */
function nameCall(call: Call, error: unknown): unknown {
  if (!(error instanceof IntegrationError)) return error
  error.service = call.service.name
  error.operation = call.operation
  error.callId = call.id
  return error
}

const notOffered = (service: Service, operation: string): CaravanError =>
  new CaravanError({
    code: 'no_service',
    message: `${service.name} (${service.adapter.title}) does not offer ${operation}`,
    hint: `It offers: ${Object.keys(service.adapter.operations).join(', ')}.`,
  })
