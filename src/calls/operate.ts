import { ZodError } from 'zod'
import type { Context } from '../core/adapter.ts'
import type { Clock } from '../core/clock.ts'
import { crashPoint } from '../core/crash-point.ts'
import type { CredentialCache } from '../core/credentials.ts'
import { CaravanError, IntegrationError, messageOf } from '../core/errors.ts'
import { createHttp } from '../http/client.ts'
import type { Exchange, HttpOptions } from '../http/exchange.ts'
import { runSession } from '../http/session.ts'
import type { Attempt, Service, ServiceCall } from './call.ts'
import type { Gate } from './gate.ts'
import { longestWaitWithNextMs } from './retry.ts'

export type OperateOptions = {
  clock: Clock
  gateOf(service: Service): Gate
  onExchange(call: ServiceCall, exchange: Exchange): void
  env: Readonly<Record<string, string | undefined>>
}

/** The innermost step: gives the adapter's operation its context and runs it. */
export function operating(options: OperateOptions): Attempt {
  return async (call) => {
    const run = call.service.adapter.operations[call.operation]?.run as Run
    await call.sink?.begin()
    return withContext(call, options, async (context) => {
      crashPoint('before-request')
      const output = await run(context, call.input, emitterOf(call, context))
      crashPoint('after-request')
      return output
    })
  }
}

/** The same for the adapter's own connection test. */
export const checking =
  (options: OperateOptions): Attempt =>
  (call) =>
    withContext(call, options, (context) => call.service.adapter.check(context))

/** The status query of the operation, after a call that ended `unknown`. */
export const querying =
  (options: OperateOptions): Attempt =>
  (call) =>
    withContext(call, options, (context) => {
      const { settle } = call.service.adapter.operations[call.operation] as { settle: Run }
      return settle(context, call.input)
    })

type Run = (
  context: Context<unknown>,
  input: unknown,
  emit?: (items: unknown[]) => Promise<void>,
) => Promise<unknown>

type AttemptContext = Context<unknown> & { isOver(): boolean }

/** When the attempt is over, so is everything it began: nothing of it may reach the next one. */
async function withContext(
  call: ServiceCall,
  options: OperateOptions,
  run: (context: AttemptContext) => Promise<unknown>,
): Promise<unknown> {
  const { service, signal, idempotencyKey } = call
  const { config } = service
  const before = call.exchanges
  const { clock } = options
  const credentials = learning(service)
  let isOver = false
  const wire = wireOf(call, options)
  const bare = createHttp(wire)
  const http = createHttp({
    ...wire,
    authorize: (request) =>
      service.adapter.http.authorize?.(request, { config, credentials, signal, clock, http: bare }),
  })
  const context: AttemptContext = {
    config,
    http,
    clock,
    signal,
    idempotencyKey,
    credentials,
    session: (exchange, talk) => runSession(wire, exchange, talk),
    isOver: () => isOver,
  }
  try {
    return await run(context)
  } catch (error) {
    throw asFailure(call, error, call.exchanges > before)
  } finally {
    isOver = true
    http.close()
    bare.close()
  }
}

function emitterOf({ sink }: ServiceCall, { isOver }: AttemptContext) {
  if (!sink) return undefined
  return async (items: unknown[]): Promise<void> => {
    if (isOver()) throw new Error('the attempt that lists these items is over')
    await sink.write(items)
  }
}

/** Once a request has left, an answer that could not be read does not say that nothing was done. */
function asFailure(call: ServiceCall, error: unknown, hasSent: boolean): unknown {
  if (error instanceof IntegrationError) return error
  if (error instanceof CaravanError && (call.effect === 'read' || !hasSent)) return error
  const isAnswer = error instanceof ZodError
  if (!isAnswer && (call.effect === 'read' || call.exchanges === 0)) return error
  return new IntegrationError({
    kind: 'bad_response',
    message: isAnswer
      ? `the answer is not what ${call.operation} expects: ${faultsOf(error)}`
      : `the answer could not be processed: ${messageOf(error)}`,
    hint: 'The vendor may have changed its interface. Look the call up before it is repeated.',
    cause: error,
  })
}

const faultsOf = ({ issues }: ZodError): string =>
  issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
    .join('; ')

const learners = new WeakMap<CredentialCache, CredentialCache>()

/** Tokens are secrets too: each one that is fetched is made known to the redactor. */
function learning({ credentials, redactor }: Service): CredentialCache {
  const known = learners.get(credentials)
  if (known) return known
  const learner: CredentialCache = {
    ...credentials,
    get: (name, fetch) =>
      credentials.get(name, async () => {
        const credential = await fetch()
        redactor.learn(credential.value)
        return credential
      }),
  }
  learners.set(credentials, learner)
  return learner
}

/** While another service can be asked at once, as it can before anything has left, a long wait is not worth it. */
const longestWait = (call: ServiceCall, exchangesBefore: number): number | undefined =>
  call.hasNext && !call.isInDoubt && call.exchanges === exchangesBefore
    ? longestWaitWithNextMs
    : undefined

function wireOf(
  call: ServiceCall,
  { clock, gateOf, onExchange, env }: OperateOptions,
): HttpOptions {
  const { service, signal } = call
  const gate = gateOf(service)
  const before = call.exchanges
  return {
    baseUrl: service.adapter.http.baseUrl(service.config),
    clock,
    signal,
    env,
    timeoutMs: service.guards.timeoutMs,
    proxy: service.guards.proxy,
    allowRedirectsTo: service.guards.allowRedirectsTo,
    publicOnly: service.adapter.http.publicOnly?.(service.config),
    readFailure: service.adapter.http.readFailure,
    gate: (turn) => gate.take(turn, longestWait(call, before)),
    onExchange: (exchange) => onExchange(call, exchange),
  }
}
