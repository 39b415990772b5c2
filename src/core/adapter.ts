import type { z } from 'zod'
import type { Clock } from './clock.ts'
import type { CredentialCache } from './credentials.ts'
import type { IntegrationError } from './errors.ts'
import type { Http, HttpReply, SignableRequest } from './http.ts'
import type { HookReader } from './hook.ts'
import type { Effect, Input, Item, Kind, Operations, Output } from './kind.ts'
import type { TwinDefinition } from './twin.ts'

/** `safe`: reading. `keyed`: the vendor drops duplicates by our key. `once`: a second request acts a second time. */
export type Repeat = 'safe' | 'keyed' | 'once'

/** What an operation is given beside its input. One is made for each attempt. */
export type Context<Config> = {
  config: Config
  http: Http
  clock: Clock
  signal: AbortSignal
  /** The same for every attempt of one call; what a `keyed` operation sends along. */
  idempotencyKey: string
  /** Tokens of this service, shared by all calls in the process. */
  credentials: CredentialCache
  /**
   * For a vendor that is not spoken to over HTTP: runs one exchange of another protocol under the same limits, deadline
   * and log. `method` and `endpoint` are what the log shows, such as `SMTP` and `smtp://mail.example.com:587`.
   */
  session<T>(
    exchange: { method: string; endpoint: string },
    run: (limits: SessionLimits) => Promise<T>,
  ): Promise<T>
}

export type SessionLimits = {
  /** For the whole exchange, in milliseconds. */
  timeoutMs: number
  /** Aborted when the call is over or the time is; the exchange has to end then. */
  signal: AbortSignal
  /** Told what went over the wire so far, for the log. */
  count(bytes: { sent: number; received: number }): void
  /** Told the code of the reply that decides, such as 250, for the log. */
  replied(code: number): void
  /** A fault of the network, such as ECONNREFUSED, in our words; the outcome is for the adapter to say. */
  explain(error: unknown): IntegrationError
}

/** What `authorize` is given: enough to fetch a token, not enough to do anything else. */
export type AuthorizeContext<Config> = Omit<Context<Config>, 'idempotencyKey' | 'session'>

/** What `renew` is given: it drops a token, it does not fetch one. */
export type RenewContext<Config> = Omit<AuthorizeContext<Config>, 'http'> & {
  /** The failure that was `auth`; some of them no new token can change, such as a 403. */
  refusal?: IntegrationError
}

export type Operation<Config, Shape> = {
  repeat: Repeat
  run: Shape extends { item: z.ZodType }
    ? /** Hands out what it lists in batches; each attempt starts from the first one. */
      (
        context: Context<Config>,
        input: Input<Shape>,
        emit: (items: Item<Shape>[]) => Promise<void>,
      ) => Promise<Output<Shape>>
    : (context: Context<Config>, input: Input<Shape>) => Promise<Output<Shape>>
  /**
   * Throws what `run` would throw before a request leaves, as for a template that the config lacks; sends nothing. Left
   * out: nothing is known before.
   */
  rehearse?(config: Config, input: Input<Shape>): void
  /**
   * Asks the vendor what became of a call that ended `unknown`, by reading alone. Left out: the vendor has no such query,
   * and the call stays unknown for a person. Must answer `unknown` for "no such record" wherever a record may be late.
   */
  settle?(context: Context<Config>, input: Input<Shape>): Promise<Settlement<Output<Shape>>>
}

/** What a status query says: it was done, with the answer the call would have had; it certainly was not; or nothing. */
export type Settlement<T> =
  { outcome: 'done'; output: T } | { outcome: 'not_done' } | { outcome: 'unknown' }

export type Limits = {
  /** For one HTTP request: connect, headers and body. */
  timeoutMs: number
  /** The vendor's published requests per second. */
  perSecond?: number
  /** Requests in flight at once. */
  concurrent?: number
}

export type BreakerPreset = { failures: number; openForMs: number }

export type Adapter<K extends Kind = Kind, Schema extends z.ZodObject = z.ZodObject> = {
  /** Stands in people's configs and never changes. */
  id: string
  kind: K
  title: string
  /** The vendor's own documentation. */
  docs: string
  config: Schema
  /** Rules that join several fields: what is wrong with a config that its schema accepts. */
  checkConfig?(config: z.output<Schema>): { field: string; message: string }[]
  /** What is accepted and still looks like a slip. */
  warnConfig?(config: z.output<Schema>): { field: string; message: string }[]
  limits: Limits
  breaker?: BreakerPreset
  http: {
    baseUrl(config: z.output<Schema>): string
    /** Every address its requests may go to; the base URL alone when left out. A connection test looks at each. */
    endpoints?(config: z.output<Schema>): string[]
    /** True: nothing is sent to an address that resolves into a private network. */
    publicOnly?(config: z.output<Schema>): boolean
    /** Parts of secret values that are secrets themselves, such as the token in a webhook address. */
    secretParts?(config: z.output<Schema>): string[]
    /** Adds what proves who we are; runs before every attempt, so that a signature is never stale. */
    authorize?(
      request: SignableRequest,
      context: AuthorizeContext<z.output<Schema>>,
    ): Promise<void> | void
    /**
     * Reads every answer, whatever its status, and says whether it is a failure. Undefined: it is not. What it does
     * not know, a status of 400 or more above all, is classified by the http layer.
     */
    readFailure?(reply: HttpReply, clock: Clock): IntegrationError | undefined
    /** Called once when an answer is `auth`: drop the stale token and return true to have the attempt repeated. */
    renew?(context: RenewContext<z.output<Schema>>): boolean
  }
  operations: {
    [Name in keyof Operations<K>]?: Operation<z.output<Schema>, Operations<K>[Name]>
  }
  /** The cheapest call that proves the config works. Returns what it saw, in a few words. */
  check(context: Context<z.output<Schema>>): Promise<string | CheckReport>
  /** What `check` does to the world; `read` when left out. One that does more is run only when somebody asks for it. */
  checkEffect?: Effect
  /** Reads what the vendor sends to us: delivery receipts, order callbacks. */
  hooks?: HookReader<z.output<Schema>>
  twin: TwinDefinition
}

export type CheckReport = {
  /** What the vendor answered, in a few words. */
  saw: string
  /** Credentials of which the vendor tells when they end, by the config field that holds them. */
  expires?: { field: string; at: Date }[]
}

/** Gives an adapter its types; does nothing else. */
export const defineAdapter = <K extends Kind, Schema extends z.ZodObject>(
  adapter: Adapter<K, Schema>,
): Adapter<K, Schema> => adapter

/** An adapter of any kind and config, for lists and for code that works on all of them. */
// oxlint-disable-next-line typescript/no-explicit-any -- the two parameters are contravariant in what `run` takes
export type AnyAdapter = Adapter<any, any>

/** An adapter as the list names it, before it is loaded. `id` and `kind` say what the adapter itself says. */
export type AdapterEntry = { id: string; kind: string; load(): Promise<AnyAdapter> }
