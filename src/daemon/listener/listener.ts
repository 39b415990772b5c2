import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { CaravanError, messageOf, systemCode } from '../../core/errors.ts'
import type { DaemonContext } from '../part.ts'
import { isLoopback } from './origin.ts'
import { createServer, type ServerOptions } from './server.ts'

export type Listener = {
  /** As it stands in the config. */
  wanted: string
  /** Where it really listens, `127.0.0.1:8787`: the port may have been 0, the host a name. */
  address: string
  isLocal: boolean
  /** Takes nothing new at once, and waits for what is under way, `graceMs` at most. */
  close(graceMs: number): Promise<void>
}

export type ListenOptions = Pick<ServerOptions, 'limits' | 'timeouts' | 'keepGoing'>

/** Listens at `host:port`. Throws `listen_failed`. */
export async function listen(
  context: DaemonContext,
  wanted: string,
  options: ListenOptions,
): Promise<Listener> {
  let isLocal = false
  const server = createServer({ ...options, context, isLocal: () => isLocal })
  const { host, port } = partsOf(wanted)
  try {
    await server.listen({ host, port })
  } catch (error) {
    await server.close()
    throw listenFailed(wanted, error)
  }
  const bound = server.addresses() as AddressInfo[]
  isLocal = bound.every(({ address }) => isLoopback(address))
  return {
    wanted,
    isLocal,
    address: bound[0] ? textOf(bound[0]) : wanted,
    close: (graceMs) => closeGently(server, context, graceMs),
  }
}

async function closeGently(
  server: FastifyInstance,
  { clock, log }: DaemonContext,
  graceMs: number,
): Promise<void> {
  const over = new AbortController()
  const cut = cutAfter(graceMs, over.signal)
  await server.close()
  over.abort()
  await cut

  async function cutAfter(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await clock.sleep(ms, signal)
    } catch {
      return // all was over in time
    }
    log.warn('the listener was closed while requests were under way')
    server.server.closeAllConnections()
  }
}

function partsOf(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':')
  return {
    host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.slice(at + 1)),
  }
}

const textOf = ({ address, port, family }: AddressInfo): string =>
  family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`

const reasons: Record<string, string> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'it is no address of this machine',
  EACCES: 'this user may not listen there; ports below 1024 need a right of their own',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'its host name cannot be looked up now',
}

function listenFailed(wanted: string, error: unknown): CaravanError {
  const reason = reasons[systemCode(error) ?? ''] ?? messageOf(error)
  return new CaravanError({
    code: 'listen_failed',
    message: `cannot listen at ${wanted}: ${reason}`,
    hint: 'Correct "listen" in integrations.yaml, or end what is in the way; it is tried again by itself.',
    cause: error,
  })
}
