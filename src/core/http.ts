/** What an adapter sees of HTTP. The client behind it lives in src/http; adapters only know these shapes. */

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export type HttpRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS'
  /** A path below the service's base URL, or an absolute URL for the rare call that goes to another host. */
  url: string
  query?: Query
  headers?: Readonly<Record<string, string>>
  /** At most one of the three bodies. */
  json?: unknown
  form?: Readonly<Record<string, string>>
  body?: { type: string; bytes: Uint8Array }
  /** False for the request that fetches a token. */
  authorize?: boolean
  /** Decoded bytes of the answer that are read before giving up; default 10 MB. */
  maxBytes?: number
  /** For this request: connect, headers and body together. Default: the service's. */
  timeoutMs?: number
}

/** A request about to leave, as a signature sees it: the URL is complete and the body is bytes. */
export type SignableRequest = {
  method: string
  url: URL
  headers: Record<string, string>
  body: Uint8Array
}

export type HttpReply = {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** The decoded body. Text has been checked to be valid UTF-8. */
  text: string
  /** The parsed body when the answer is JSON, else undefined. */
  json: unknown
}

export type HttpStream = {
  status: number
  headers: Readonly<Record<string, string>>
  /** Decoded bytes, counted and cut at the limit; throws an `IntegrationError` when the connection breaks. */
  bytes: AsyncIterable<Uint8Array>
}

export type Http = {
  /** Sends and reads a JSON answer; anything that is not JSON is `bad_response`. */
  json(request: HttpRequest): Promise<unknown>
  /** Sends and reads the whole answer, whatever its type. Failures of the adapter's `readFailure` are thrown. */
  send(request: HttpRequest): Promise<HttpReply>
  /** Sends and hands out the body while it arrives, for answers that must not stand in memory. */
  stream(request: HttpRequest): Promise<HttpStream>
}
