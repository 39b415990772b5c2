import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLoopback } from './origin.ts'
import { refuseStrangeHost } from './host.ts'
import { readHealth } from './health.ts'
import type { Parts } from './server.ts'

/** What a supervisor and a Prometheus ask for every few seconds. */
export function addHealth(server: FastifyInstance, parts: Parts): void {
  const { context, guard } = parts

  server.get('/healthz', { config: { log: 'quiet' } }, async (request, reply) => {
    const health = await readHealth(context)
    if (health.status === 'failing') request.known.why = health.failing.join(', ')
    return reply.status(health.status === 'ok' ? 200 : 503).send(health)
  })

  server.get('/metrics', { config: { log: 'quiet' } }, async (request, reply) => {
    const { known, headers } = request
    const app = context.app()
    refuseStrangeHost(parts, request)
    if (await isOpen(parts, request)) guard.admitOpen(known.from)
    else {
      const { authorization } = headers
      known.token = await guard.admit({ app, authorization, from: known.from, scope: 'read' })
    }
    const { metricsText } = await import('../../app/prometheus.ts')
    const text = await metricsText(app)
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text)
  })
}

/**
 * Without a token only for this machine itself. A reverse proxy on it speaks for the whole world: where the config names
 * one, or the request shows signs of one, a token is needed.
 */
async function isOpen({ context, isLocal }: Parts, request: FastifyRequest): Promise<boolean> {
  const { headers, raw } = request
  const { trusted_proxies: proxies } = (await context.app().usableConfig()).config
  const isForwarded = Object.keys(headers).some((name) =>
    /^(?:x-forwarded-|x-real-ip$|forwarded$|via$)/.test(name),
  )
  const isBare = headers.authorization === undefined
  return (
    isLocal() &&
    isLoopback(raw.socket.remoteAddress ?? '') &&
    proxies.length === 0 &&
    !isForwarded &&
    isBare
  )
}
