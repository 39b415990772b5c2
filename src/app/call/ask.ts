import type { AskOptions, CallResult, Sink } from '../../calls/path.ts'
import type { App } from '../app.ts'
import { operatorName } from '../operator.ts'
import { routeOf } from '../route.ts'
import type { NamedOperation } from './operation.ts'

export type AskRequest = Pick<
  AskOptions,
  'signal' | 'idempotencyKey' | 'correlationId' | 'onStep'
> & {
  input: unknown
  /** This one alone, whatever the route says. */
  service?: string
  /** Of an operation that lists; left out: the items come with the answer. */
  sink?: Sink
}

export type Asked = CallResult & {
  /** What an operation listed that was given no sink. */
  items?: unknown[]
}

/** Asks the services of the kind. Throws what `CallPath.ask` and `routeOf` throw. */
export async function askOperation(
  app: App,
  { kind, operation, shape }: NamedOperation,
  { input, service, ...request }: AskRequest,
): Promise<Asked> {
  const route = await routeOf(app, kind.id, { service, operation })
  const path = await app.calls()
  const collected = shape.item && !request.sink ? collector() : undefined
  const sink = collected ?? request.sink
  const result = await path.ask(route, operation, input, { ...request, service, sink })
  return { ...result, ...(collected && { items: collected.items() }) }
}

/** Puts the call into the outbox and sends nothing. Throws what `CallPath.enqueue` and `routeOf` throw. */
export async function enqueueOperation(
  app: App,
  { kind, operation }: NamedOperation,
  { input, service, idempotencyKey, correlationId }: AskRequest,
): Promise<Asked> {
  const route = await routeOf(app, kind.id, { service, operation })
  const path = await app.calls()
  const by = operatorName(app.env)
  return path.enqueue(route, operation, input, { idempotencyKey, correlationId, service, by })
}

/** What an attempt left that was followed by another one is thrown away. */
function collector(): Sink & { items(): unknown[] } {
  let items: unknown[] = []
  return {
    begin: async () => void (items = []),
    write: async (more) => {
      for (const item of more) items.push(item)
    },
    items: () => items,
  }
}
