import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { HookReply } from '../../core/hook.ts'
import type { Log } from '../../core/log.ts'
import type { Parts } from './server.ts'

/** What vendors send to us. Their bodies are kept byte for byte, whatever type they claim: signatures are made over these. */
export function addHooks(server: FastifyInstance, { context, guard, warnOften }: Parts): void {
  const types = new WeakMap<FastifyRequest, string>()

  void server.register(async (hooks) => {
    const { receiveHook } = await import('../../app/hooks/receive.ts')
    hooks.removeAllContentTypeParsers()
    hooks.addContentTypeParser(
      '*',
      { parseAs: 'buffer' },
      async (_request: unknown, body: unknown) => body,
    )

    hooks.addHook('onRequest', async (request) => {
      guard.admitHook(request.known.from)
      // fastify would refuse a type that is not well-formed, and with it what the vendor has to say.
      const type = request.headers['content-type']
      if (type !== undefined) types.set(request, type)
      delete request.raw.headers['content-type']
    })

    hooks.route<{ Params: { service: string } }>({
      method: ['GET', 'POST'],
      url: '/hooks/:service',
      exposeHeadRoute: false,
      config: { log: 'told' },
      async handler(request, reply) {
        const { known, raw, params, body } = request
        const headers = { ...plainHeaders(raw.headers), 'content-type': types.get(request) }
        const { correlation } = known
        const log: Log = {
          ...context.log.with({ correlation }),
          warn: (message, fields) => warnOften(message, { ...fields, correlation }),
        }
        const answer = await receiveHook(
          context.app(),
          params.service,
          {
            method: request.method,
            url: known.url,
            headers,
            body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
            from: known.from,
          },
          { log },
        )
        return send(reply, answer)
      },
    })
  })
}

/** A header that came several times is one list, as the sender could have written it. */
const plainHeaders = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  )

function send(reply: FastifyReply, { status, headers = {}, text, json }: HookReply): FastifyReply {
  reply.status(status).headers(headers)
  if (json !== undefined) return reply.type('application/json').send(JSON.stringify(json))
  if (reply.getHeader('content-type') === undefined) reply.type('text/plain; charset=utf-8')
  return reply.send(text ?? '')
}
