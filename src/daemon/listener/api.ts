import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { onceDone } from '../../app/once.ts'
import { actingAs } from './acting-as.ts'
import { refuseStrangeHost } from './host.ts'
import { parseBody } from './json-body.ts'
import { type ApiRoute, inWordsOf, readInput } from './route.ts'
import { apiRoutes } from './routes/index.ts'
import type { Parts } from './server.ts'

/** The API: each route behind a token with its scope. */
export function addApi(server: FastifyInstance, parts: Parts): void {
  void server.register(async (api) => {
    api.removeAllContentTypeParsers()
    api.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      async (_request: unknown, body: unknown) => parseBody(body as Buffer),
    )
    for (const route of apiRoutes) addRoute(api, parts, route)
    api.route({
      method: 'GET',
      url: '/openapi.json',
      onRequest: admission(parts, 'read'),
      async handler(_request: FastifyRequest, reply: FastifyReply) {
        return reply.type('application/json').send(await description())
      },
    })
  })
}

/** Made once: turning every schema into its JSON takes a while. */
const description = onceDone(async () => {
  const { openApi } = await import('./openapi.ts')
  return JSON.stringify(openApi(apiRoutes))
})

function addRoute(api: FastifyInstance, parts: Parts, route: ApiRoute): void {
  const { context, keepGoing } = parts
  api.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: admission(parts, route.scope),
    async handler(request: FastifyRequest, reply: FastifyReply) {
      const { known, headers, query, body } = request
      const { token = '', correlation } = known
      const app = actingAs(context.app(), token)
      const path = request.params as Record<string, string>
      const { log, signal } = context
      const asking = { app, token, correlation, log, headers, signal, keepGoing }
      const input = { path, ...readInput(route, { query, body }) }
      const answer = await route.run(asking, input).catch((error: unknown) => {
        throw inWordsOf(route, error)
      })
      return reply
        .status(answer.status ?? 200)
        .headers(answer.headers ?? {})
        .send(answer.data)
    },
  })
}

/** Before the body is read: whoever may not ask is not listened to. */
const admission =
  (parts: Parts, scope: ApiRoute['scope']) =>
  async (request: FastifyRequest): Promise<void> => {
    const { known, headers } = request
    refuseStrangeHost(parts, request)
    const { authorization } = headers
    const app = parts.context.app()
    known.token = await parts.guard.admit({ app, authorization, from: known.from, scope })
  }
