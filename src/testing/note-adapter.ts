/** A small kind whose calls reach somebody, and a vendor for it that counts what it delivers: for tests of the outbox. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { Guards, Route, Service } from '../calls/call.ts'
import { createRedactor } from '../calls/redact.ts'
import { type Adapter, type Context, defineAdapter, type Repeat } from '../core/adapter.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { createCredentialCache } from '../core/credentials.ts'
import { defineKind } from '../core/kind.ts'
import { defineTwin } from '../core/twin.ts'

const Note = z
  .strictObject({ to: z.array(z.string()).min(1), text: z.string() })
  // What it gives it would not take: a call that was checked once is not checked again.
  .transform(({ to, text }) => ({ to, text, isNote: true }))
type Note = z.infer<typeof Note>

const send = {
  effect: 'message',
  input: Note,
  output: z.unknown(),
  recipients: ({ to }: Note) => to,
  isPartial: (output: unknown) => (output as { partial?: boolean } | null)?.partial === true,
} as const

export const noteKind = defineKind({
  id: 'note',
  title: 'Notes',
  operations: {
    sendByKey: { ...send, summary: 'Sends; the vendor drops duplicates' },
    sendOnce: { ...send, summary: 'Sends; a second request sends twice' },
    pay: { ...send, effect: 'money', summary: 'Pays' },
    read: {
      effect: 'read',
      input: z.object({ id: z.string() }),
      output: z.object({ value: z.number() }),
      summary: 'Reads',
    },
  },
})

export const noteConfig = z.object({ base_url: z.string() })

/** Where a test may stop the process: at the beginning of an operation, and when its answer is there. */
export type Stops = { begun?(): void; answered?(): void }

export function noteAdapter({ begun, answered }: Stops = {}): Adapter<
  typeof noteKind,
  typeof noteConfig
> {
  const operation = (url: string, repeat: Repeat) => ({
    repeat,
    // oxlint-disable-next-line typescript/no-explicit-any -- one function for operations with answers of their own
    async run({ http, idempotencyKey }: Context<unknown>, json: unknown): Promise<any> {
      begun?.()
      const headers: Record<string, string> = { 'x-pid': String(process.pid) }
      if (repeat === 'keyed') headers['x-key'] = idempotencyKey
      const output = await http.json({ method: 'POST', url, json, headers })
      answered?.()
      return output
    },
  })
  return defineAdapter({
    id: 'note',
    kind: noteKind,
    title: 'Note',
    docs: 'https://example.com',
    config: noteConfig,
    limits: { timeoutMs: 5000 },
    http: { baseUrl: (config) => config.base_url },
    operations: {
      sendByKey: operation('/send', 'keyed'),
      sendOnce: operation('/send', 'once'),
      pay: operation('/send', 'keyed'),
      read: operation('/read', 'safe'),
    },
    check: async () => 'fine',
    twin: defineTwin({
      options: z.object({}),
      config: (url) => ({ base_url: url }),
      create: () => ({ handle: () => ({ json: {} }), stats: () => ({}) }),
    }),
  })
}

export const noteService = (
  url: string,
  {
    name = 'note',
    clock = systemClock,
    stops,
    ...guards
  }: Partial<Guards> & { name?: string; clock?: Clock; stops?: Stops } = {},
): Service => ({
  name,
  adapter: noteAdapter(stops),
  config: { base_url: url },
  configHash: 'hash',
  guards: {
    timeoutMs: 5000,
    deadlineMs: 60_000,
    attempts: 1,
    breaker: { failures: 1000, openForMs: 60_000 },
    ...guards,
  },
  credentials: createCredentialCache(clock),
  redactor: createRedactor([]),
})

export const noteRoute = (services: readonly Service[], more: Partial<Route> = {}): Route => ({
  kind: noteKind,
  candidates: services.map((service, at) => ({
    name: service.name,
    priority: at,
    weight: 1,
    open: async () => service,
  })),
  whenUnavailable: 'fail',
  deadlineMs: 60_000,
  queueForMs: 86_400_000,
  cacheForMs: 0,
  staleForMs: 86_400_000,
  ...more,
})

/** What the vendor does with a request; it has acted on it unless told otherwise. */
export type Behaviour =
  | 'ok'
  | 'partial'
  /** Acts, and the connection breaks before the answer. */
  | 'act-reset'
  /** 503, not acted. */
  | 'down'
  /** 400, not acted. */
  | 'reject'
  /** 429 with this many seconds. */
  | { retryAfter: number }
  /** Acts, and kills the process that asked. */
  | 'act-kill'
  /** Kills it without having acted. */
  | 'kill'

export type NoteVendor = {
  url: string
  /** What was delivered, in order; a duplicate by key is none. */
  delivered: { to: string[]; text: string; key: string | undefined }[]
  requests(): number
  /** Texts with the behaviour of the next requests that carry them; `ok` when none is left. */
  behave(text: string, ...behaviours: Behaviour[]): void
  /** For every request that has no behaviour of its own. */
  always(behaviour: Behaviour): void
  /** Answers nothing before this has come. */
  hold(until: Promise<void>): void
}

/** Starts a vendor on loopback for the test. It answers duplicates by key as it answered the first. */
export async function startNoteVendor(): Promise<NoteVendor> {
  const planned = new Map<string, Behaviour[]>()
  const delivered: NoteVendor['delivered'] = []
  const keys = new Set<string>()
  let requests = 0
  let otherwise: Behaviour = 'ok'
  let held: Promise<void> | undefined

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    requests += 1
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Note
    if (incoming.url === '/read') {
      if (otherwise === 'down') return void response.writeHead(503).end('{}')
      return void json(response, { value: requests })
    }
    const key = incoming.headers['x-key'] as string | undefined
    const behaviour = planned.get(body.text)?.shift() ?? otherwise
    const act = () => {
      if (key !== undefined && keys.has(key)) return
      if (key !== undefined) keys.add(key)
      delivered.push({ to: body.to, text: body.text, key })
    }
    const kill = () => process.kill(Number(incoming.headers['x-pid']), 'SIGKILL')
    if (behaviour === 'down') return void response.writeHead(503).end('{}')
    if (behaviour === 'reject') return void response.writeHead(400).end('{"error":"no"}')
    if (behaviour === 'kill') return void kill()
    if (typeof behaviour === 'object') {
      return void response.writeHead(429, { 'retry-after': String(behaviour.retryAfter) }).end('{}')
    }
    act()
    if (behaviour === 'act-kill') return void kill()
    if (behaviour === 'act-reset') return void response.destroy()
    await held
    json(response, behaviour === 'partial' ? { partial: true } : { id: body.text })
  }
  const server = createServer((incoming, response) => void serve(incoming, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delivered,
    requests: () => requests,
    behave: (text, ...behaviours) => void planned.set(text, behaviours),
    always: (behaviour) => void (otherwise = behaviour),
    hold: (until) => void (held = until),
  }
}

const json = (response: ServerResponse, value: unknown): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
