/** Hosts a twin on loopback and plays the faults it is told to. Orders: `POST /_twin/faults`; figures: `GET /_twin/stats`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Twin, TwinDefinition, TwinReply, TwinRequest } from '../core/twin.ts'
import { actsFirst, createFaultBook, type FaultBook, FaultOrder, refusalOf } from './twin-faults.ts'
import { listenForLines } from './twin-lines.ts'

export type TwinServer = {
  /** Where the vendor is played, such as `http://127.0.0.1:9000` or `smtp://127.0.0.1:2525`. */
  url: string
  /** Where `/_twin/faults` and `/_twin/stats` are; the same as `url` for a twin that speaks HTTP. */
  controlUrl: string
  twin: Twin
  faults: FaultBook
  /** The config of a service that talks to this twin. */
  config: Record<string, unknown>
  close(): Promise<void>
}

export type TwinServerOptions = {
  clock?: Clock
  /** 0, the default, takes a free one. */
  port?: number
  random?: () => number
}

/** Starts a twin on 127.0.0.1. `options` are the twin's own, checked against its schema. */
export async function startTwin(
  definition: TwinDefinition,
  options: Record<string, unknown> = {},
  { clock = systemClock, port = 0, random = Math.random }: TwinServerOptions = {},
): Promise<TwinServer> {
  const chosen = definition.options.parse(options)
  const twin = definition.create(chosen, clock)
  const faults = createFaultBook(random)
  const server = createServer((request, response) => {
    serve({ twin, faults, clock }, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined)
    })
  })
  const { scheme } = definition
  // First, for it may find its port taken.
  const line = scheme === undefined ? undefined : await listenForLines({ twin, faults }, port)
  server.listen(line ? 0 : port, '127.0.0.1')
  await once(server, 'listening')
  const controlUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = line ? `${scheme}://127.0.0.1:${line.port}` : controlUrl
  return {
    url,
    controlUrl,
    twin,
    faults,
    config: definition.config(url, chosen),
    async close() {
      server.close()
      server.closeAllConnections()
      await Promise.all([once(server, 'close'), line?.close()])
    },
  }
}

type Hosted = { twin: Twin; faults: FaultBook; clock: Clock }

async function serve(hosted: Hosted, incoming: IncomingMessage, response: ServerResponse) {
  const request = await readRequest(incoming)
  if (request.path.startsWith('/_twin/')) return control(hosted, request, response)

  const order = hosted.faults.take(request.path)
  if (order && !actsFirst(order.fault)) {
    const isPlayed = await play(hosted, order, request, response)
    if (isPlayed) return undefined
  }
  const reply = await hosted.twin.handle(request)
  if (order && actsFirst(order.fault)) return playAfter(hosted, order, reply, response)
  return sendReply(reply, response)
}

async function readRequest(incoming: IncomingMessage): Promise<TwinRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const url = new URL(incoming.url ?? '/', 'http://twin')
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers as TwinRequest['headers'],
    body: Buffer.concat(chunks),
  }
}

/** Plays a fault instead of the vendor. False: the vendor answers as usual after all. */
async function play(
  { twin, clock }: Hosted,
  order: FaultOrder,
  request: TwinRequest,
  response: ServerResponse,
): Promise<boolean> {
  switch (order.fault) {
    case 'latency':
      await clock.sleep(order.delay_ms)
      return false
    case 'timeout':
      await clock.sleep(order.delay_ms)
      response.destroy()
      return true
    case 'refused':
    case 'reset':
      response.socket?.resetAndDestroy()
      return true
    case 'rate-limited':
      await sendReply(twin.rateLimited?.(order.retry_after) ?? tooMany(order.retry_after), response)
      return true
    case 'error-500':
      await sendReply({ status: 500, text: 'Internal Server Error' }, response)
      return true
    case 'garbage':
      await sendReply({ text: '{"data": [{"a": \u0000\u0007 tr' }, response)
      return true
    case 'html':
      await sendReply({ headers: { 'content-type': 'text/html' }, text: maintenancePage }, response)
      return true
    case 'business-error':
    case 'expired-token': {
      const reply = twin.vendorFault?.(order.fault, request)
      if (reply) await sendReply(reply, response)
      return reply !== undefined
    }
    default:
      return false
  }
}

/** The vendor has acted; its answer is held back, cut, or never sent. */
async function playAfter(
  { clock }: Hosted,
  order: FaultOrder,
  reply: TwinReply,
  response: ServerResponse,
) {
  if (order.fault === 'act-then-reset') return response.socket?.resetAndDestroy()
  if (order.fault === 'act-then-timeout') {
    await clock.sleep(order.delay_ms)
    return response.destroy()
  }
  const text = reply.text ?? JSON.stringify(reply.json ?? {})
  response.writeHead(reply.status ?? 200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.write(text.slice(0, Math.floor(text.length / 2)))
  await clock.sleep(20) // lets the first half leave before the connection breaks
  return response.socket?.resetAndDestroy()
}

async function sendReply(reply: TwinReply, response: ServerResponse): Promise<void> {
  const type = reply.json === undefined && !reply.chunks ? 'text/plain' : 'application/json'
  const headers = { 'content-type': type, ...reply.headers }
  if (!reply.chunks) {
    const body = reply.text ?? JSON.stringify(reply.json ?? {})
    const length = { 'content-length': Buffer.byteLength(body) }
    response.writeHead(reply.status ?? 200, { ...headers, ...length }).end(body)
    return
  }
  response.writeHead(reply.status ?? 200, headers)
  for await (const chunk of reply.chunks) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response)
  }
  response.end()
}

/** Until more can be sent, or nobody reads any more. */
async function drained(response: ServerResponse): Promise<void> {
  const done = new AbortController()
  const { signal } = done
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })])
  done.abort()
}

async function control({ twin, faults }: Hosted, request: TwinRequest, response: ServerResponse) {
  if (request.path === '/_twin/stats') return sendReply({ json: twin.stats() }, response)
  if (request.path !== '/_twin/faults') return sendReply({ status: 404, json: {} }, response)
  if (request.method === 'DELETE') faults.clear()
  if (request.method === 'POST') {
    const order = FaultOrder.safeParse(parse(request.body))
    if (!order.success) return sendReply({ status: 400, text: refusalOf(order.error) }, response)
    faults.add(order.data)
  }
  return sendReply({ json: faults.list() }, response)
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

const tooMany = (seconds: number): TwinReply => ({
  status: 429,
  headers: { 'retry-after': String(seconds) },
  text: 'Too Many Requests',
})

const maintenancePage =
  '<!doctype html><html><head><title>Maintenance</title></head><body>Back soon</body></html>'
