/** The call path: what guards a call, stacked in one place, outside in. */
import type { CheckReport, Settlement } from '../core/adapter.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import type { CallOptions, OperationShape } from '../core/kind.ts'
import type { Db } from '../store/schema.ts'
import { breaking, heeding } from './breaker.ts'
import { caching } from './cache.ts'
import type { Ask, Attempt, Call, Reply, Route, Service, ServiceCall } from './call.ts'
import { startCallDeadline } from './deadline.ts'
import { enqueue, type EnqueueOptions } from './enqueue.ts'
import { failingOver } from './failover.ts'
import { createGate, type Gate } from './gate.ts'
import { announcing, recording } from './intent.ts'
import { limiting } from './limits.ts'
import type { CallLog } from './log.ts'
import { nameFailure } from './name-failure.ts'
import { newCall, type Origin, routeTo } from './new-call.ts'
import { checking, type OperateOptions, operating, querying } from './operate.ts'
import { renewing } from './renew.ts'
import { createPlaces, type Places } from './places.ts'
import { retrying } from './retry.ts'
import { askOutcome, endOf, maySettle, settling } from './settle.ts'
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

export type SettleRequest = CallOptions &
  Origin & { entry: { id: string; exchanges: number }; startedAt?: Date }

export type CallResult = Reply & { id: string }

export type CheckOptions = {
  isDraft?: boolean
  isRoutine?: boolean
  /** Told the id that the test has in the call log. */
  onBegin?(call: string): void
}

export type CallPath = {
  /**
   * Asks the services of a route for one operation. Throws an `IntegrationError` that names the service and the call, or
   * a `CaravanError` for what is wrong on our side, such as `input_invalid`.
   */
  ask(route: Route, operation: string, input: unknown, options?: AskOptions): Promise<CallResult>
  /**
   * Writes a call down for later, answers `accepted` with its id at once and sends nothing. A key that was used before is
   * answered with what became of that call. Throws as `ask` does before anything is sent.
   */
  enqueue(
    route: Route,
    operation: string,
    input: unknown,
    options?: CallOptions & Omit<Origin, 'entry'> & EnqueueOptions,
  ): Promise<CallResult>
  /**
   * Asks the vendor once what became of a call that was left `unknown`; `unknown` too where the adapter has no query for
   * that. What the vendor says takes the place of what the log says. Throws when it cannot be asked. `input` is as it was
   * sent, already checked.
   */
  settle(
    service: Service,
    operation: string,
    input: unknown,
    options: SettleRequest,
  ): Promise<Settlement<unknown>>
  /** Asks one service; its answer alone. */
  call(service: Service, operation: string, input: unknown, options?: AskOptions): Promise<unknown>
  /**
   * Runs the adapter's own connection test, under the same guards and in the same log. `isDraft`: the config is not in
   * force yet, so its failures are not held against the service, and the breaker is not asked. Else an open breaker lets
   * a test through as its probe, unless one is under way or somebody has opened it by hand. `isRoutine`: nobody has
   * asked for it, so the breaker treats it as any call, and may make it its probe when the time is up.
   */
  check(service: Service, signal?: AbortSignal, options?: CheckOptions): Promise<CheckReport>
  /** Gives back what was borrowed from other processes. Nothing may be asked afterwards. */
  close(): Promise<void>
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
  const allPlaces = new WeakMap<Service, Places>()
  /** Those that hold something. A service that left the config is forgotten with its last call. */
  const busyPlaces = new Set<Places>()
  const placesOf = (service: Service): Places | undefined => {
    const { concurrent } = service.guards
    if (concurrent === undefined) return undefined
    const places = allPlaces.get(service) ?? createPlaces(shared, service, concurrent)
    allPlaces.set(service, places)
    return places
  }
  const onChange = (places: Places, isBusy: boolean): void =>
    void (isBusy ? busyPlaces.add(places) : busyPlaces.delete(places))
  const shared = { db, clock, onTrouble, onChange, placesOf, gateOf }
  const limit = (innermost: Attempt): Attempt =>
    renewing(clock, limiting(shared, counting(innermost)))
  const guard = (innermost: Attempt): Attempt => breaking(shared, limit(innermost))
  const guardTest = (innermost: Attempt): Attempt =>
    breaking({ ...shared, isTest: true }, limit(innermost))
  const retry = (next: Attempt): Attempt => retrying({ clock, random }, next)

  const query = heeding(shared, limit(querying(operate)))
  const attempt = settling(
    { clock, query },
    retry(switching(shared, guard(announcing(operating(operate))))),
  )
  const ask = caching(shared, recording(shared, failingOver({ clock, random }, attempt)))
  // A service that is switched off is tested before it is switched on again.
  const askCheck = one(retry(guardTest(checking(operate))))
  const askDraft = one(retry(limit(checking(operate))))
  const askRoutine = one(retry(guard(checking(operate))))

  async function run(call: Call, caller: AbortSignal | undefined, through: Ask): Promise<Reply> {
    const clear = startCallDeadline(call, caller, clock)
    try {
      const reply = await through(call)
      if (!call.isTold) log.finish(call, reply)
      return reply
    } catch (error) {
      const told = nameFailure(call, error)
      if (!call.isTold) log.finish(call, { error: told })
      throw told
    } finally {
      clear()
    }
  }

  return {
    async ask(route, operation, input, asked = {}) {
      const shape = shapeOf(route, operation)
      if (shape.item && !asked.sink) throw noSink(operation)
      // What stands in the outbox was checked when it was accepted, and is in the form that checking gives it.
      const checked = asked.entry ? input : checkInput(shape, operation, input)
      const call = newCall(route, operation, clock, { ...asked, effect: shape.effect })
      call.input = checked
      call.sink = asked.sink
      const reply = await run(call, asked.signal, ask)
      return { id: call.id, ...reply } // not before: a key that was used before may have changed the id
    },
    async enqueue(route, operation, input, asked = {}) {
      const shape = shapeOf(route, operation)
      if (shape.item) throw noSink(operation)
      if (shape.effect === 'money') throw notLater(operation)
      const checked = checkInput(shape, operation, input)
      const call = newCall(route, operation, clock, { ...asked, effect: shape.effect })
      call.input = checked
      const reply = await enqueue(shared, call, asked).catch((error: unknown) => {
        throw nameFailure(call, error)
      })
      if (reply.id === undefined) log.finish(call, reply)
      return { id: call.id, ...reply }
    },
    async settle(service, operation, input, asked) {
      const route = routeTo(service)
      const { effect } = shapeOf(route, operation)
      const call = newCall(route, operation, clock, { ...asked, effect })
      const turn = Object.assign(call, { input, service, asked: [service] })
      call.repeat = service.adapter.operations[operation]?.repeat ?? 'once'
      call.startedAt = asked.startedAt ?? call.startedAt
      if (!maySettle(turn)) return { outcome: 'unknown' }
      const clear = startCallDeadline(call, asked.signal, clock)
      try {
        const settlement = await askOutcome(query, clock, turn)
        if (settlement.outcome !== 'unknown') log.finish(call, endOf(settlement))
        return settlement
      } catch (error) {
        throw nameFailure(call, error)
      } finally {
        clear()
      }
    },
    async call(service, operation, input, asked = {}) {
      const { output } = await this.ask(routeTo(service), operation, input, asked)
      return output
    },
    async check(service, signal, { isDraft = false, isRoutine = false, onBegin } = {}) {
      const effect = service.adapter.checkEffect ?? 'read'
      const call = newCall(routeTo(service), 'check', clock, { effect })
      call.service = service
      call.asked = [service]
      call.repeat = effect === 'read' ? 'safe' : 'once'
      onBegin?.(call.id)
      const through = isDraft ? askDraft : isRoutine ? askRoutine : askCheck
      const { output } = await run(call, signal, through)
      const report = output as string | CheckReport
      return typeof report === 'string' ? { saw: report } : report
    },
    async close() {
      for (const places of busyPlaces) await places.close()
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

const notLater = (operation: string): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: `${operation} moves money, and so is never queued: it is done now or not at all`,
  })

const noSink = (operation: string): CaravanError =>
  new CaravanError({
    code: 'input_invalid',
    message: `${operation} lists items, and nothing was given to take them`,
  })
