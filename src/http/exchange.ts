/** One request on the wire, from the moment it leaves until its answer has been read. */
import type { Clock } from '../core/clock.ts'
import type { IntegrationError } from '../core/errors.ts'
import type { HttpReply, HttpRequest, SignableRequest } from '../core/http.ts'
import { isLoopback } from '../core/service-url.ts'
import { type Body, defaultMaxBytes } from './body.ts'
import { startDeadline } from './deadline.ts'
import { publicFetch, refusePrivate } from './private-addresses.ts'
import { type Fetch, proxiedFetch, proxyFor } from './proxy.ts'
import { nextRequest } from './redirects.ts'

/** What was sent and what came back, for the call log. No header and no body is in it. */
export type Exchange = {
  method: string
  /** Origin and path, without the query. */
  endpoint: string
  startedAt: Date
  durationMs: number
  /** Spent before it left, waiting for the vendor's rate. Not part of the duration. */
  waitedMs: number
  status?: number
  requestBytes: number
  responseBytes: number
  error?: IntegrationError
  /** An answer that was a failure, as it came, cut at 16 KB. The call log redacts and shortens it. */
  excerpt?: string
}

export type HttpOptions = {
  baseUrl: string
  clock: Clock
  /** For one request: connect, headers and body together, in milliseconds. */
  timeoutMs: number
  /** Ends every request when aborted. A reason that is an `IntegrationError` is what those requests throw. */
  signal: AbortSignal
  authorize?(request: SignableRequest): Promise<void> | void
  readFailure?(reply: HttpReply, clock: Clock): IntegrationError | undefined
  /** Resolves when the vendor's rate allows one more request. */
  gate?(signal: AbortSignal): Promise<void>
  onExchange?(exchange: Exchange): void
  /** Origins that an answer may send a reading request on to. */
  allowRedirectsTo?: readonly string[]
  /** Nothing is sent to an address that leads into a private network. */
  publicOnly?: boolean
  proxy?: string
  env?: Readonly<Record<string, string | undefined>>
}

/** A signed request whose turn has come. */
export type Turn = { request: SignableRequest; waitedMs: number }

export type Sent = {
  status: number
  headers: Record<string, string>
  body: Body
  exchange: Exchange
  /** Logs the exchange, the first time, and frees its timer. Given an error, returns it as our own. */
  end(error?: unknown): IntegrationError | undefined
  /** Stops the clock of the deadline while the reader is busy, and starts it anew. */
  pause(): void
  resume(): void
  /** Closes the connection of an answer that nobody will read to its end. */
  abandon(): void
}

/** Makes a request that has been signed and may leave. The caller reads the body and calls `end`. */
export async function send(
  options: HttpOptions,
  { maxBytes = defaultMaxBytes, timeoutMs = options.timeoutMs }: HttpRequest,
  { request, waitedMs }: Turn,
  open: Set<Sent>,
): Promise<Sent> {
  const { clock } = options
  const deadline = startDeadline(clock, options.signal, timeoutMs)
  const startedMs = clock.monotonicMs()
  let isEnded = false
  const exchange: Exchange = {
    method: request.method,
    endpoint: request.url.origin + request.url.pathname,
    startedAt: clock.now(),
    durationMs: 0,
    waitedMs,
    requestBytes: request.body.byteLength,
    responseBytes: 0,
  }
  const sent: Sent = {
    status: 0,
    headers: {},
    body: { stream: null, maxBytes, count: (bytes) => (exchange.responseBytes = bytes) },
    exchange,
    end(error) {
      const told = error === undefined ? undefined : deadline.explain(error)
      if (isEnded) return told
      isEnded = true
      open.delete(sent)
      deadline.clear()
      exchange.durationMs = Math.round(clock.monotonicMs() - startedMs)
      exchange.error = told
      options.onExchange?.(exchange)
      return told
    },
    pause: deadline.pause,
    resume: deadline.resume,
    abandon() {
      deadline.abort()
      if (sent.status > 0) sent.end('abandoned')
    },
  }
  open.add(sent)
  try {
    const response = await fetchThrough(options, request, deadline.signal)
    exchange.status = sent.status = response.status
    sent.headers = Object.fromEntries(response.headers)
    sent.body.stream = response.body
    return sent
  } catch (error) {
    throw sent.end(error)
  }
}

/**
 * Node loads its HTTP client when it is first touched, which takes longer than a request may be late for its slot: it is
 * touched before the first one waits for its turn.
 */
export const loadFetch = (): void => void globalThis.Response

const proxied = new Map<string, Promise<Fetch>>()

/**
 * Node's own fetch, and no client around it: repeating, redirects, timeouts and judging the status are done by the layers
 * above, so that a client such as ky would have to have all of it switched off, and it took a tenth of a call's time.
 */
async function fetchThrough(
  options: HttpOptions,
  request: SignableRequest,
  signal: AbortSignal,
): Promise<Response> {
  const { allowRedirectsTo: allowed = [], publicOnly = false } = options
  let next = request
  for (let hops = 0; ; hops++) {
    // What an answer points to is judged as strictly as what a stranger may write, unless we are among twins.
    const isGuarded = publicOnly || (hops > 0 && !isLocal(options))
    const response = await fetchOne(options, next, signal, isGuarded)
    const { status, headers } = response
    if (allowed.length === 0 || status < 300 || status > 399) return response
    const answer = { status, location: headers.get('location') }
    const followed = nextRequest(next, answer, { allowed, hops, isLocal: isLocal(options) })
    if (!followed) return response
    await response.body?.cancel()
    next = followed
  }
}

const isLocal = ({ baseUrl }: HttpOptions): boolean =>
  isLoopback(URL.parse(baseUrl)?.hostname ?? '')

async function fetchOne(
  options: HttpOptions,
  request: SignableRequest,
  signal: AbortSignal,
  isGuarded: boolean,
): Promise<Response> {
  const proxy = proxyFor(request.url, options.proxy, options.env ?? {})
  if (isGuarded) refusePrivate(request.url)
  const through = proxy
    ? await remember(proxied, proxy, proxiedFetch) // which resolves the name, and connects where it may
    : isGuarded
      ? await publicFetch()
      : fetch
  return through(request.url, {
    method: request.method,
    headers: request.headers,
    body: request.body.byteLength > 0 ? Buffer.from(request.body) : undefined,
    redirect: 'manual',
    signal,
  })
}

function remember<T>(known: Map<string, T>, key: string, make: (key: string) => T): T {
  const value = known.get(key) ?? make(key)
  known.set(key, value)
  return value
}
