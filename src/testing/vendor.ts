/** A vendor for tests: a real HTTP server that plays prepared replies, and an adapter connected through the call path. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Guards, Service } from '../calls/call.ts'
import { createCallLog } from '../calls/log.ts'
import { type CallPath, createCallPath, type Sink } from '../calls/path.ts'
import { createRedactor, secretsIn } from '../calls/redact.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { createCredentialCache } from '../core/credentials.ts'
import type { CallOptions } from '../core/kind.ts'
import type { LoggedAttempt, LoggedCall } from '../store/list-calls.ts'
import type { Db, LogDb } from '../store/schema.ts'
import { memoryCallLog, memoryState } from './state.ts'

export type Received = {
  method: string
  /** Path and query, as they came. */
  url: string
  /** Names in lower case. */
  headers: IncomingMessage['headers']
  /** The body as text, and parsed when it is JSON. */
  text: string
  json: unknown
}

/** An answer, or a function that plays one by hand, down to the socket. */
export type PreparedReply =
  | {
      status?: number
      headers?: Record<string, string>
      json?: unknown
      text?: string
      bytes?: Uint8Array
    }
  | ((request: Received, response: ServerResponse) => unknown)

export type Vendor = {
  url: string
  received: Received[]
  /** Adds replies behind those that are left. */
  prepare(...replies: PreparedReply[]): void
}

/** Starts a vendor on 127.0.0.1. Replies are played in order; a request nobody prepared fails the test. */
export async function startVendor(
  ...replies: (PreparedReply | PreparedReply[])[]
): Promise<Vendor> {
  const prepared = replies.flat()
  const received: Received[] = []
  const surprises: string[] = []
  const server = createServer((incoming, response) => {
    void serve(incoming, response)
  })
  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming)
    received.push(request)
    const reply = prepared.shift()
    if (typeof reply === 'function') return void (await reply(request, response))
    if (reply) return send(reply, response)
    surprises.push(`${request.method} ${request.url}`)
    send({ status: 418, text: 'nobody prepared a reply to this request' }, response)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
    if (surprises.length > 0) throw new Error(`requests nobody prepared: ${surprises.join(', ')}`)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    prepare: (...more) => void prepared.push(...more),
  }
}

/**
 * Reads replies from the `fixtures` folder beside a test: `const reply = fixture(import.meta.url)`, then
 * `await reply('page-1.json')`. A name that begins with a number of three digits has that status: `503-busy.html`.
 */
export function fixture(testUrl: string): (file: string) => Promise<PreparedReply> {
  return async (file) => {
    const bytes = await readFile(new URL(`fixtures/${file}`, testUrl))
    const status = Number(/^(\d{3})-/.exec(basename(file))?.[1] ?? 200)
    return { status, bytes, headers: { 'content-type': typeOf(file) } }
  }
}

/** What a test may set: a guard of the service, or a part of the call path. */
export type Overrides = Partial<Guards> & {
  name?: string
  configHash?: string
  clock?: Clock
  /** Default 0: repetitions follow without a wait. */
  random?: () => number
  db?: Db
  logDb?: LogDb
}

export type Connected = {
  service: Service
  path: CallPath
  db: Db
  call(operation: string, input: unknown, options?: CallOptions & { sink?: Sink }): Promise<unknown>
  check(): Promise<string>
  /** What the call log holds by now, oldest first. */
  logged(): Promise<{ calls: LoggedCall[]; attempts: LoggedAttempt[] }>
}

/** Connects an adapter to a vendor through the real call path, over a state and a call log in memory. */
export async function connect(
  adapter: AnyAdapter,
  config: unknown,
  { name, configHash, clock = systemClock, random = () => 0, ...rest }: Overrides = {},
): Promise<Connected> {
  const { db = await memoryState(), logDb = await memoryCallLog(), ...guards } = rest
  const parsed: unknown = adapter.config.parse(config)
  const service: Service = {
    name: name ?? adapter.id,
    adapter,
    config: parsed,
    configHash: configHash ?? 'hash',
    guards: {
      timeoutMs: adapter.limits.timeoutMs,
      attempts: 3,
      deadlineMs: 60_000,
      breaker: adapter.breaker ?? { failures: 5, openForMs: 60_000 },
      perSecond: adapter.limits.perSecond,
      concurrent: adapter.limits.concurrent,
      ...guards,
    },
    credentials: createCredentialCache(clock),
    redactor: createRedactor([...secretsIn(parsed), ...(adapter.http.secretParts?.(parsed) ?? [])]),
  }
  const log = createCallLog(logDb, clock)
  onTestFinished(log.close)
  const path = createCallPath({ db, log, clock, random })
  return {
    service,
    path,
    db,
    call: (operation, input, options) => path.call(service, operation, input, options),
    check: async () => (await path.check(service)).saw,
    async logged() {
      await log.flush()
      const calls = await logDb.selectFrom('calls').selectAll().orderBy('seq').execute()
      const attempts = await logDb
        .selectFrom('attempts')
        .selectAll()
        .orderBy('started_at')
        .orderBy('call_id')
        .orderBy('number')
        .execute()
      return { calls, attempts }
    },
  }
}

async function readRequest(incoming: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const { method = '', url = '', headers } = incoming
  return { method, url, headers, text, json: parse(text) }
}

function send(
  reply: Exclude<PreparedReply, (...parts: never[]) => unknown>,
  response: ServerResponse,
): void {
  const type = 'json' in reply ? 'application/json' : 'text/plain; charset=utf-8'
  response.writeHead(reply.status ?? 200, { 'content-type': type, ...reply.headers })
  response.end(reply.bytes ?? reply.text ?? ('json' in reply ? JSON.stringify(reply.json) : ''))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const types: Record<string, string> = {
  json: 'application/json',
  xml: 'application/xml',
  html: 'text/html; charset=utf-8',
}

const typeOf = (file: string): string => types[file.split('.').at(-1) ?? ''] ?? 'text/plain'
