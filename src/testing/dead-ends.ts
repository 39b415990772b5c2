/** Places of the network where something is wrong, for tests of what is made of them. */
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
} from 'node:tls'
import { onTestFinished } from 'vitest'
import type { Certificate } from './certificates.ts'

/** A port of this machine where somebody was a moment ago. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

/** This process trusts the certificate until the test ends, as NODE_EXTRA_CA_CERTS makes a program. */
export function trust({ cert }: Certificate): void {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cert])
  onTestFinished(() => setDefaultCACertificates(before))
}

/** TLS in front of a plain port of this machine. Returns its port. */
export async function startTlsFront(
  { key, cert }: Certificate,
  plainPort: number,
): Promise<number> {
  const server = createTlsServer({ key, cert }, (client) => {
    const upstream = connect(plainPort, '127.0.0.1')
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
    client.pipe(upstream).pipe(client)
    onTestFinished(() => void client.destroy())
  })
  server.on('tlsClientError', () => undefined)
  onTestFinished(() => void server.close())
  return listen(server)
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
