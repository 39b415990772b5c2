import type { Socket } from 'node:net'
import type { z } from 'zod'
import type { Clock } from './clock.ts'

/** A request as a twin sees it. */
export type TwinRequest = {
  method: string
  path: string
  query: URLSearchParams
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  body: Buffer
}

export type TwinReply = {
  /** Default 200. */
  status?: number
  headers?: Record<string, string>
  /** One of the bodies; `chunks` is sent as it comes, so that a twin can answer more than fits in memory. */
  json?: unknown
  text?: string
  chunks?: Iterable<string> | AsyncIterable<string>
}

/** Faults that any twin can be told to show; the server that hosts it plays them. */
export const wireFaults = [
  'latency',
  'timeout',
  'refused',
  'reset',
  'reset-in-body',
  'rate-limited',
  'error-500',
  'garbage',
  'html',
  'act-then-timeout',
  'act-then-reset',
] as const
export type WireFault = (typeof wireFaults)[number]

/** Faults in the vendor's own words. */
export type VendorFault = 'business-error' | 'expired-token'

export type Fault = WireFault | VendorFault

/** A fault that hits one step of a conversation. */
export type PlayedFault = { fault: Fault; delayMs: number }

/** A connection to a twin that speaks a protocol of its own. */
export type TwinLine = {
  socket: Socket
  /**
   * The fault that hits this step, used up by one, of those that can be played there; an order that names a `path` hits
   * the steps that hold it, such as `data`.
   */
  fault(step: string, playable: (fault: Fault) => boolean): PlayedFault | undefined
}

/** A running twin: plays the vendor as its spec says, and keeps state. */
export type Twin = {
  handle(request: TwinRequest): TwinReply | Promise<TwinReply>
  /** For a definition with a `scheme`: takes over a connection to its address and plays all faults on it. */
  converse?(line: TwinLine): void | Promise<void>
  /** The reply, or the change of state, that shows a fault in the vendor's own words; undefined: go on as usual. */
  vendorFault?(fault: VendorFault, request: TwinRequest): TwinReply | undefined
  /** How this vendor says "too many requests". */
  rateLimited?(retryAfterSeconds: number): TwinReply
  /** Counters and state for tests and for `caravan sandbox`. */
  stats(): Record<string, number>
}

export type TwinDefinition<Options extends z.ZodObject = z.ZodObject> = {
  /** Every option has a default. */
  options: Options
  /**
   * The scheme of its address, such as `smtp`, where that is not HTTP. Its control address is an HTTP port of its own.
   */
  scheme?: string
  /** Recipients that fare unlike all others whatever the options are, and how; for the help of `caravan sandbox`. */
  recipients?(): Readonly<Record<string, string>>
  /** The config of a service that talks to this twin at `url`, secrets included. */
  config(url: string, options: z.output<Options>): Record<string, unknown>
  create(options: z.output<Options>, clock: Clock): Twin
}

/** Gives a twin its types; does nothing else. */
export const defineTwin = <Options extends z.ZodObject>(
  twin: TwinDefinition<Options>,
): TwinDefinition => twin as unknown as TwinDefinition

export const formType = 'application/x-www-form-urlencoded'

/** The fields of a form in the body; none where the body is something else. */
export const formOf = ({ headers, body }: TwinRequest): URLSearchParams =>
  new URLSearchParams(headers['content-type']?.startsWith(formType) ? body.toString() : '')
