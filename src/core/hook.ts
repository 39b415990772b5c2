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
  /** For the page of the adapter, in whole sentences: what the vendor tells, what signs it, and by which field of ours. */
  about: string
  /** Where the vendor publishes the addresses it calls from: holds for a service whose config names none. */
  addresses?: readonly string[]
  /** `none`: the vendor signs nothing, so that what it tells counts of messages alone that we know to have sent. */
  proof?: 'none'
  /** What the vendor calls a call of ours by (`data.reference`), from its idempotency key; left out: that key itself. */
  referenceOf?(idempotencyKey: string): string
  /** What a request is answered that is refused or cannot be taken now, where the vendor wants a form. */
  failure?(clock: Clock): Pick<HookReply, 'json' | 'text'>
  /**
   * Checks that the vendor sent it and reads it. Never throws: what cannot be read is refused. `windowMs` is how old a
   * request may be that says when it was made, 15 minutes when left out. It is not for a vendor that says only when the
   * thing itself happened: such a one sends again for hours, and a late receipt is a receipt.
   */
  read(
    request: HookRequest,
    context: { config: Config; clock: Clock; windowMs?: number },
  ): HookReading
}
