/** The call path: what guards a call, stacked in one place, outside in. */
import type { CheckReport } from '../core/adapter.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import type { CallOptions, OperationShape } from '../core/kind.ts'
import type { Db } from '../store/schema.ts'
import { breaking } from './breaker.ts'
import { caching } from './cache.ts'
import type { Ask, Attempt, Call, Reply, Route, Service, ServiceCall } from './call.ts'
import { startCallDeadline } from './deadline.ts'
import { failingOver } from './failover.ts'
import { createGate, type Gate } from './gate.ts'
import { recording } from './intent.ts'
import { limiting } from './limits.ts'
import type { CallLog } from './log.ts'
import { nameFailure } from './name-failure.ts'
import { newCall, type Origin, routeTo } from './new-call.ts'
import { checking, type OperateOptions, operating, querying } from './operate.ts'
import { renewing } from './renew.ts'
import { retrying } from './retry.ts'
import type { Semaphore } from './semaphore.ts'
import { settling } from './settle.ts'
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

export type AskOptions = CallOptions & Origin & { sink?: Sink }

export type CallResult = Reply & { id: string }

export type CallPath = {
  /**
   * Asks the services of a route for one operation. Throws an `IntegrationError` that names the service and the call, or
   * a `CaravanError` for what is wrong on our side, such as `input_invalid`.
   */
  ask(route: Route, operation: string, input: unknown, options?: AskOptions): Promise<CallResult>
  /** Asks one service; its answer alone. */
  call(service: Service, operation: string, input: unknown, options?: AskOptions): Promise<unknown>
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
  const retry = (next: Attempt): Attempt => retrying({ clock, random }, next)

  const query = guard(querying(operate))
  const attempt = settling({ clock, query }, retry(switching(shared, guard(operating(operate)))))
  const ask = caching(shared, recording(shared, failingOver({ clock, random }, attempt)))
  // A service that is switched off is tested before it is switched on again.
  const askCheck = one(retry(guard(checking(operate))))
  const askDraft = one(retry(limit(checking(operate))))

  async function run(call: Call, caller: AbortSignal | undefined, through: Ask): Promise<Reply> {
    const clear = startCallDeadline(call, caller, clock)
    try {
      const reply = await through(call)
      log.finish(call, reply)
      return reply
    } catch (error) {
      const told = nameFailure(call, error)
      log.finish(call, { error: told })
      throw told
    } finally {
      clear()
    }
  }

  return {
    async ask(route, operation, input, asked = {}) {
      const shape = shapeOf(route, operation)
      if (shape.item && !asked.sink) throw noSink(operation)
      const checked = checkInput(shape, operation, input)
      const call = newCall(route, operation, clock, { ...asked, effect: shape.effect })
      call.input = checked
      call.sink = asked.sink
      return { id: call.id, ...(await run(call, asked.signal, ask)) }
    },
    async call(service, operation, input, asked = {}) {
      const { output } = await this.ask(routeTo(service), operation, input, asked)
      return output
    },
    async check(service, signal, { isDraft = false } = {}) {
      const effect = service.adapter.checkEffect ?? 'read'
      const call = newCall(routeTo(service), 'check', clock, { effect })
      call.service = service
      call.asked = [service]
      call.repeat = effect === 'read' ? 'safe' : 'once'
      const { output } = await run(call, signal, isDraft ? askDraft : askCheck)
      const report = output as string | CheckReport
      return typeof report === 'string' ? { saw: report } : report
    },
  }
}

/** For a call whose service is known from the start. */
const one =
  (attempt: Attempt): Ask =>
  async (call) => ({
    outcome: 'done',
    output: await attempt(call as ServiceCall),
    service: call.service?.name ?? null,
    ageMs: null,
    isStale: false,
  })

/** Throws `operation_unknown`. */
function shapeOf({ kind }: Route, operation: string): OperationShape {
  const shape = kind.operations[operation]
  if (shape) return shape
  throw new CaravanError({
    code: 'operation_unknown',
    message: `${kind.id} has no operation named ${operation}`,
    hint: `It has: ${Object.keys(kind.operations).join(', ')}.`,
  })
}

/** All faults of an input at once, in the caller's words. Throws `input_invalid`. */
export function checkInput(shape: OperationShape, operation: string, input: unknown): unknown {
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

const noSink = (operation: string): CaravanError =>
  new CaravanError({
    code: 'input_invalid',
    message: `${operation} lists items, and nothing was given to take them`,
  })
