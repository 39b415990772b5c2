import type { Clock } from './clock.ts'

/** A request that a vendor made to us, as it came. */
export type HookRequest = {
  method: string
  /** The address the vendor called, query included, as it is known to the vendor. */
  url: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  /** Byte for byte: signatures are made over these. */
  body: Buffer
}

export type HookReply = {
  status: number
  headers?: Record<string, string>
  text?: string
  json?: unknown
}

/** One thing that happened, in our words. */
export type HookEvent = {
  /** The vendor's id of the event, or what tells it from every other one; a repeat has the same. */
  id: string
  /** Such as `sms.status`. */
  type: string
  /** When it happened, where the vendor says so. */
  at?: Date
  /** In the words of the kind. */
  data: Readonly<Record<string, unknown>>
}

/** `refused`: the request is not the vendor's, or is too old; `why` is for our log and never sent back. */
export type HookReading =
  | { verdict: 'genuine'; events: HookEvent[]; reply: HookReply }
  | { verdict: 'refused'; why: string; reply: HookReply }

export type HookReader<Config> = {
  /** Checks that the vendor sent it and reads it. Never throws: what cannot be read is refused. */
  read(request: HookRequest, context: { config: Config; clock: Clock }): HookReading
}
