import type { Context } from '../core/adapter.ts'
import type { Clock } from '../core/clock.ts'
import type { Http } from '../core/http.ts'
import { createHttp } from '../http/client.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Attempt, Call } from './call.ts'
import type { Gate } from './limits.ts'

export type OperateOptions = {
  clock: Clock
  gateOf(service: Call['service']): Gate
  onExchange(call: Call, exchange: Exchange): void
  env: Readonly<Record<string, string | undefined>>
}

/** The innermost step: gives the adapter's operation its context and runs it. */
export function operating(options: OperateOptions): Attempt {
  return async (call) => {
    const context = contextFor(call, options)
    const run = call.service.adapter.operations[call.operation]?.run as Run | undefined
    await call.sink?.begin()
    return run?.(context, call.input, call.sink?.write)
  }
}

type Run = (
  context: Context<unknown>,
  input: unknown,
  emit?: (items: unknown[]) => Promise<void>,
) => Promise<unknown>

/** What an operation, or the adapter's `check`, is given. */
export function contextFor(call: Call, options: OperateOptions): Context<unknown> {
  const { service, signal, idempotencyKey } = call
  const { config, credentials } = service
  const http = httpFor(call, options, (request) => {
    const context = { config, credentials, signal, clock: options.clock, http: bare }
    return service.adapter.http.authorize?.(request, context)
  })
  const bare = httpFor(call, options)
  return { config, http, clock: options.clock, signal, idempotencyKey, credentials }
}

function httpFor(
  call: Call,
  { clock, gateOf, onExchange, env }: OperateOptions,
  authorize?: Parameters<typeof createHttp>[0]['authorize'],
): Http {
  const { service, signal } = call
  return createHttp({
    baseUrl: service.adapter.http.baseUrl(service.config),
    clock,
    signal,
    env,
    authorize,
    timeoutMs: service.guards.timeoutMs,
    proxy: service.guards.proxy,
    readFailure: service.adapter.http.readFailure,
    gate: (waiting) => gateOf(service).take(waiting),
    onExchange: (exchange) => onExchange(call, exchange),
  })
}
