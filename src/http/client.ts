/** The one way out: every request of every adapter leaves through here. What ky and fetch leave open is closed here. */
import { changed, IntegrationError } from '../core/errors.ts'
import type { Http, HttpReply, HttpRequest, HttpStream, SignableRequest } from '../core/http.ts'
import { describeBody, parseJson, readPieces, readText } from './body.ts'
import { cancelled } from './deadline.ts'
import { type HttpOptions, loadFetch, type Sent, send, type Turn } from './exchange.ts'
import { toSignable } from './request.ts'
import { readStatusFault, withWait } from './status-faults.ts'

/** Far more than is kept, so that what is kept can be redacted before it is cut. */
const excerptLength = 16_384

/** A request that waited longer for its turn is signed anew: vendors refuse signatures that are a minute old. */
const staleAfterMs = 1000

/** An `Http` for one attempt. `close` ends what the attempt left open: streams nobody reads, requests nobody awaits. */
export type AttemptHttp = Http & { close(): void }

export function createHttp(options: HttpOptions): AttemptHttp {
  const open = new Set<Sent>()
  let isClosed = false
  async function start(request: HttpRequest): Promise<Sent> {
    const turn = await awaitTurn(options, request)
    const { aborted, reason } = options.signal
    if (aborted || isClosed) throw cancelled(reason, 'not_done')
    return send(options, request, turn, open)
  }
  return {
    json: async (request) => (await read(options, await start(request), notJson)).json,
    send: async (request) => read(options, await start(request)),
    stream: async (request) => stream(options, await start(request)),
    close() {
      isClosed = true
      for (const sent of open) sent.abandon()
    },
  }
}

/**
 * Signs the request and waits until it may leave. Signing comes first: it may have to fetch a token, and requests that
 * waited for it together would leave together. Whatever fails here, the request has certainly not been made.
 */
async function awaitTurn(options: HttpOptions, request: HttpRequest): Promise<Turn> {
  try {
    const signed = await sign(options, request)
    if (!options.gate) return { request: signed, waitedMs: 0 }
    loadFetch()
    const startedMs = options.clock.monotonicMs()
    await options.gate(options.signal)
    const waitedMs = options.clock.monotonicMs() - startedMs
    return { request: waitedMs > staleAfterMs ? await sign(options, request) : signed, waitedMs }
  } catch (error) {
    if (error instanceof IntegrationError) throw notDone(error)
    throw options.signal.aborted ? cancelled(options.signal.reason, 'not_done') : error
  }
}

async function sign(options: HttpOptions, request: HttpRequest): Promise<SignableRequest> {
  const signable = toSignable(options.baseUrl, request)
  if (request.authorize !== false) await options.authorize?.(signable)
  return signable
}

const notDone = (error: IntegrationError): IntegrationError =>
  error.outcome === 'not_done' ? error : changed(error, { outcome: 'not_done' })

type Judge = (reply: HttpReply) => IntegrationError | undefined

async function read(options: HttpOptions, sent: Sent, judge?: Judge): Promise<HttpReply> {
  try {
    const reply = await readReply(options, sent, judge)
    sent.end()
    return reply
  } catch (error) {
    throw sent.end(error)
  }
}

/** Reads the whole answer and throws the failure it stands for: the adapter's reading first, then the status. */
async function readReply(options: HttpOptions, sent: Sent, judge?: Judge): Promise<HttpReply> {
  const text = await readText(sent.body)
  const reply = { status: sent.status, headers: sent.headers, text, json: parseJson(text) }
  const failure =
    withWait(options.readFailure?.(reply, options.clock), reply, options.clock) ??
    readStatusFault(reply, options.clock) ??
    judge?.(reply)
  if (!failure) return reply
  sent.exchange.excerpt = text.slice(0, excerptLength)
  throw failure
}

/** The body is not read here, so the exchange ends, and is logged, when the reader is done with it. */
async function stream(options: HttpOptions, sent: Sent): Promise<HttpStream> {
  const { status, headers } = sent
  if (status < 300) return { status, headers, bytes: untilEnd(sent) }
  const { text } = await read(options, sent)
  return { status, headers, bytes: bytesOf(text) }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield new TextEncoder().encode(text)
}

/** The time limit is for the vendor's silence: a reader that saves what it was given takes none of it. */
async function* untilEnd(sent: Sent): AsyncGenerator<Uint8Array> {
  const pieces = readPieces(sent.body)
  try {
    for (;;) {
      sent.resume()
      const { done, value } = await pieces.next()
      sent.pause()
      if (done) return
      yield value
    }
  } catch (error) {
    throw sent.end(error)
  } finally {
    sent.end()
    await pieces.return(undefined)
  }
}

function notJson(reply: HttpReply): IntegrationError | undefined {
  if (reply.json !== undefined) return undefined
  return new IntegrationError({
    kind: 'bad_response',
    status: reply.status,
    message: `the vendor sent ${describeBody(reply.text, reply.headers['content-type'])}`,
    hint: 'Another program may be answering at this address: a proxy, a login page, a maintenance page.',
  })
}
