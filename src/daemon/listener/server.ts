/** The HTTP server of the daemon: /healthz, /metrics, webhooks and the API. Takes no decision of its own about business. */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { makeRangeCheck } from '../../core/address-range.ts'
import { systemCode } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { Config } from '../../config/schema.ts'
import { hideTokens } from '../../app/token-text.ts'
import type { DaemonContext } from '../part.ts'
import { refuseConnection } from './broken-connection.ts'
import { faultOf, Refusal } from './faults.ts'
import { createGuard, type Guard, type Limits, standardLimits } from './guard.ts'
import { warningOften } from './often.ts'
import { type Origin, originOf } from './origin.ts'
import { addApi } from './api.ts'
import { addHooks } from './hooks.ts'
import { addHealth } from './probes.ts'

export type ServerOptions = {
  context: DaemonContext
  /** Whether it is reached from this machine alone; asked at each request, for it is known once it listens. */
  isLocal(): boolean
  /** Keeps work going that outlives its request. */
  keepGoing(work: Promise<unknown>): void
  limits?: Limits
  timeouts?: Timeouts
}

/** In milliseconds. */
export type Timeouts = {
  headersMs: number
  requestMs: number
  keepAliveMs: number
  checkMs: number
  stallMs: number
}

/**
 * A client that sends its request byte by byte is cut off, and so is one that takes nothing of its answer; how long it
 * takes to make one is not limited here.
 */
const standardTimeouts: Timeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 5000,
  checkMs: 2000,
  stallMs: 30_000,
}

const mostHeaderBytes = 16_384
export const mostBodyBytes = 1_048_576

/** What every request carries from the first hook on. */
export type Known = Origin & {
  correlation: string
  startedMs: number
  /** Name of the token, once it was found good. */
  token?: string
  /** For the log: why it was refused. */
  why?: string
  cause?: unknown
  /** Of the error that it was answered. */
  code?: string
}

declare module 'fastify' {
  interface FastifyRequest {
    known: Known
  }
  interface FastifyContextConfig {
    /**
     * `quiet`: what is asked every few seconds is no line in the log when all is well. `told`: why it was refused is told
     * where that is found, and anybody can cause it.
     */
    log?: 'quiet' | 'told'
  }
}

export type Parts = ServerOptions & {
  guard: Guard
  warnOften: ReturnType<typeof warningOften>
}

/** Ready to `listen`. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { context, timeouts = standardTimeouts } = options
  const parts: Parts = {
    ...options,
    guard: createGuard(context.clock, options.limits),
    warnOften: warningOften(context),
  }
  const server = fastify({
    logger: false,
    bodyLimit: mostBodyBytes,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionTimeout: timeouts.stallMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // it would answer in words of its own
    routerOptions: { maxParamLength: 200 },
    http: {
      requireHostHeader: false, // Node would answer without a word; see below
      maxHeaderSize: mostHeaderBytes,
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkMs,
    },
    clientErrorHandler: (error, socket) => refuseConnection(context.log, error, socket),
    // Such a request never comes to a route, and so to no hook.
    frameworkErrors: async (error, request, reply) => {
      await answerFault(parts, error, request, reply)
      logAnswer(parts, request, reply)
    },
  })
  limitConnections(server, parts)
  let isClosing = false
  server.addHook('preClose', async () => {
    isClosing = true
  })
  server.decorateRequest('known', null as unknown as Known)
  server.addHook('onRequest', async (request, reply) => {
    keepWhileAnswering(request, reply)
    await know(parts, request)
    reply.headers({
      'x-correlation-id': request.known.correlation,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
      throw new Refusal({ code: 'bad_request', message: 'the request has no Host header' })
    }
    if (isClosing) throw new Refusal({ code: 'stopping', message: 'the daemon is stopping' })
  })
  server.addHook('onSend', async (_request, reply) => {
    // Else the server would wait for a client that keeps its connection for the next request.
    if (isClosing) reply.header('connection', 'close')
  })
  server.addHook('onResponse', async (request, reply) => logAnswer(parts, request, reply))
  server.setErrorHandler((error, request, reply) => answerFault(parts, error, request, reply))
  server.setNotFoundHandler(() => {
    throw new Refusal({
      code: 'not_found',
      message: 'there is nothing at this address, or not for this method',
      hint: 'GET /openapi.json lists what there is.',
    })
  })
  addHealth(server, parts)
  addHooks(server, parts)
  addApi(server, parts)
  return server
}

function limitConnections({ server }: FastifyInstance, { context: { log }, limits }: Parts): void {
  server.maxConnections = (limits ?? standardLimits).connections
  server.on('drop', (dropped) => {
    const from = dropped?.remoteAddress
    log.warn('a connection was refused: there are too many', { from })
  })
}

/** A connection without traffic is closed, unless its answer is still being made. */
function keepWhileAnswering({ raw: { socket } }: FastifyRequest, { raw }: FastifyReply): void {
  raw.on('timeout', () => {
    if (socket.writableLength > 0) socket.destroy()
  })
}

async function know({ context }: Parts, request: FastifyRequest): Promise<void> {
  const { raw, headers } = request
  const given = headers['x-correlation-id']
  const isUsable =
    typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) && hideTokens(given) === given
  const seen = { peer: raw.socket.remoteAddress ?? '', headers, target: raw.url ?? '/' }
  request.known = {
    ...originOf(seen, () => false),
    correlation: isUsable ? given : newId(),
    startedMs: context.clock.monotonicMs(),
  }
  const { config } = await context.app().usableConfig()
  Object.assign(request.known, originOf(seen, trustedBy(config)))
}

const checks = new WeakMap<Config, (address: string) => boolean>()

/** Made once for each version of the config. */
function trustedBy(config: Config): (address: string) => boolean {
  const check = checks.get(config) ?? makeRangeCheck(config.trusted_proxies)
  checks.set(config, check)
  return check
}

async function answerFault(
  { context }: Parts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (!request.known) await know({ context } as Parts, request).catch(() => undefined)
  const fault = faultOf(refusalOf(error) ?? error)
  if (request.known) {
    request.known.cause = fault.cause
    request.known.code = fault.body.error.code
    request.known.why ??= error instanceof Refusal ? (error.why ?? error.message) : undefined
  }
  // The rest of a body that was not read would be taken for the next request.
  if (fault.status === 413 || fault.status === 400) reply.header('connection', 'close')
  return reply.status(fault.status).headers(fault.headers).type('application/json').send(fault.body)
}

/** What fastify itself refuses, in our words. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (systemCode(error) === 'ECONNRESET') {
    return new Refusal({ code: 'bad_request', message: 'the client hung up before the end' })
  }
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  if (typeof code !== 'string' || !code.startsWith('FST_')) return undefined
  if (statusCode === 413) {
    const message = `the body is larger than ${mostBodyBytes} bytes`
    return new Refusal({ code: 'body_too_large', message })
  }
  if (statusCode === 415) {
    const hint = 'Send it with "Content-Type: application/json".'
    return new Refusal({
      code: 'type_unsupported',
      message: 'the body is of a type that is not taken here',
      hint,
    })
  }
  if (typeof statusCode !== 'number' || statusCode >= 500) return undefined
  const message = 'the request cannot be read'
  return new Refusal({ code: 'bad_request', message, why: code })
}

/** One line for each request. The path is that of the route: what stands in its place may be anything. */
function logAnswer(
  { context: { log, clock }, warnOften }: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { known, method, routeOptions } = request
  if (!known) return
  const status = reply.statusCode
  const target =
    routeOptions.url ??
    hideTokens(request.raw.url ?? '')
      .replace(/\?.*$/s, '')
      .slice(0, 200)
  const fields = {
    ...namesIn(request.params),
    status,
    duration_ms: Math.round(clock.monotonicMs() - known.startedMs),
    from: known.from,
    correlation: known.correlation,
    ...(known.token === undefined ? {} : { token: known.token }),
    ...(known.code === undefined ? {} : { code: known.code }),
    ...(known.why === undefined ? {} : { why: hideTokens(known.why) }),
    ...(known.cause === undefined ? {} : { error: known.cause }),
  }
  const line = `${method} ${target}: ${status}`
  const { log: how } = routeOptions.config ?? {}
  if (known.cause !== undefined) log.error(line, fields)
  else if (how === 'told' && status >= 400 && known.code === undefined) log.debug(line, fields)
  else if (how === 'told' && status >= 400) warnOften(line, fields)
  else if (status >= 400) log.warn(line, fields)
  else if (how === 'quiet') log.debug(line, fields)
  else log.info(line, fields)
}

/** What the address names, such as `id` of a run. */
const namesIn = (params: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((params ?? {}) as Record<string, string>)
      .filter(([name]) => name !== '*')
      .map(([name, value]) => [name, hideTokens(value).slice(0, 100)]),
  )
