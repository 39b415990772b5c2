/** The http layer alone, for tests of what it makes of a server's faults. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { expect, onTestFinished } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import { type AttemptHttp, createHttp } from '../http/client.ts'
import type { Exchange, HttpOptions } from '../http/exchange.ts'

export const plantedSecrets = ['planted-bearer-91', 'planted-body-92', 'planted-query-93']

/** A client that signs with a planted token. `exchanges` is what would be logged. */
export function plantedHttp(
  baseUrl: string,
  options: Partial<HttpOptions> = {},
): AttemptHttp & { exchanges: Exchange[] } {
  const exchanges: Exchange[] = []
  const http = createHttp({
    baseUrl,
    clock: systemClock,
    timeoutMs: 5000,
    signal: new AbortController().signal,
    authorize(request) {
      request.headers.authorization = `Bearer ${plantedSecrets[0]}`
    },
    onExchange: (exchange) => exchanges.push(exchange),
    ...options,
  })
  onTestFinished(http.close)
  return { ...http, exchanges }
}

/** A request that carries secrets in its header, body and query. */
export const plantedRequest = {
  method: 'POST',
  url: '/pay',
  query: { key: plantedSecrets[2] },
  json: { password: plantedSecrets[1] },
} as const

/** What a failing promise throws, checked to be ours and to show nothing that was planted. */
export async function failureOf(promise: Promise<unknown>): Promise<IntegrationError> {
  const error: unknown = await promise.then(
    (value) => Promise.reject(new Error(`did not fail, but answered ${inspect(value)}`)),
    (reason: unknown) => reason,
  )
  if (!(error instanceof IntegrationError)) throw error
  const shown = [
    inspect(error, { depth: 20, showHidden: true }),
    JSON.stringify(error),
    error.stack,
  ]
  for (const secret of plantedSecrets) expect(shown.join('\n')).not.toContain(secret)
  return error
}

/** A server that speaks bytes instead of HTTP. Returns its port and the sockets that are open. */
export async function startRawServer(
  onData: (socket: Socket) => void,
  { onConnect = () => undefined }: { onConnect?: (socket: Socket) => void } = {},
): Promise<{ port: number; url: string; sockets: Set<Socket>; server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => onData(socket))
    onConnect(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}`, sockets, server }
}
