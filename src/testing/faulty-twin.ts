/** A vendor that acts on some requests and fails before or after, at random, and keeps count of what it delivered. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** What becomes of a request, with the chance of each; what is left of 1 is delivered and answered. */
export const twinFaults = {
  'delivers, then says nothing': 0.01,
  'delivers, then resets': 0.025,
  'delivers, then answers 500': 0.03,
  'delivers, then cuts the body': 0.025,
  'delivers, then answers what nobody can read': 0.015,
  'is too busy (429)': 0.12,
  'is down (503)': 0.02,
  'refuses the key (401)': 0.01,
  'resets before it has read': 0.02,
} as const
type Fault = keyof typeof twinFaults

export type FaultyTwin = {
  url: string
  /** How often each message was delivered, by its id. */
  delivered: Map<string, number>
  /** Requests by what became of them. */
  counts: Record<string, number>
}

/**
 * `POST /pay` delivers the message `id`; the same `x-key` again delivers nothing. `POST /status` says what became of it: a
 * message that it has called not done is never delivered afterwards, as the contract of `settle` wants.
 */
export async function startFaultyTwin(random: () => number): Promise<FaultyTwin> {
  const delivered = new Map<string, number>()
  const keys = new Set<string>()
  const givenUp = new Set<string>()
  const counts: Record<string, number> = {}

  const server = createServer((request, response) => {
    const { url } = request
    const key = request.headers['x-key'] as string | undefined
    const fault = url === '/pay' ? drawn(random) : undefined
    if (fault === 'resets before it has read') return void reset(fault, request.socket)
    const chunks: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: string }
      if (url === '/status') return answer(response, statusOf(id))
      count(fault ?? 'delivers and answers')
      if (fault === undefined || fault.startsWith('delivers')) deliver(id, key)
      play(fault, response)
    })
  })

  const count = (what: string) => void (counts[what] = (counts[what] ?? 0) + 1)
  function reset(fault: Fault, socket: Socket): void {
    count(fault)
    socket.resetAndDestroy()
  }
  function deliver(id: string, key: string | undefined): void {
    if (givenUp.has(id) || (key !== undefined && keys.has(key))) return
    if (key !== undefined) keys.add(key)
    delivered.set(id, (delivered.get(id) ?? 0) + 1)
  }
  function statusOf(id: string): object {
    if (random() < 0.4) return { outcome: 'unknown' }
    if (delivered.has(id)) return { outcome: 'done', output: { ok: true } }
    givenUp.add(id)
    return { outcome: 'not_done' }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, delivered, counts }
}

function drawn(random: () => number): Fault | undefined {
  let mark = random()
  return (Object.keys(twinFaults) as Fault[]).find((fault) => (mark -= twinFaults[fault]) < 0)
}

function play(fault: Fault | undefined, response: ServerResponse): void {
  switch (fault) {
    case undefined:
      return answer(response, { ok: true })
    case 'delivers, then says nothing':
      return
    case 'delivers, then resets':
      return void response.socket?.resetAndDestroy()
    case 'delivers, then cuts the body':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
      response.write('{"ok":')
      return void setImmediate(() => response.socket?.destroy())
    case 'delivers, then answers what nobody can read':
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    default:
      return answer(response, {}, Number(/\d{3}/.exec(fault)?.[0]))
  }
}

const answer = (response: ServerResponse, json: object, status = 200): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
