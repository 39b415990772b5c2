import type { FastifyRequest } from 'fastify'
import { Refusal } from './faults.ts'
import { isLocalHost } from './origin.ts'
import type { Parts } from './server.ts'

/** Against pages in a browser on this machine whose name was made to point here: DNS rebinding. */
export function refuseStrangeHost({ isLocal }: Parts, { known, headers }: FastifyRequest): void {
  if (!isLocal() || known.isProxied || isLocalHost(headers.host)) return
  throw new Refusal({
    code: 'host_unknown',
    message: 'the Host header does not name this machine',
    hint: 'Call it as localhost. Behind a reverse proxy: name its address under "trusted_proxies" in integrations.yaml.',
  })
}
