import type { Log } from '../../core/log.ts'
import type { z } from 'zod'
import type { App } from '../../app/app.ts'
import type { TokenScope } from '../../app/tokens.ts'
import { checkAgainst } from '../../config/issues.ts'
import { CaravanError } from '../../core/errors.ts'
import { counted } from '../../core/words.ts'

/** What a route is given beside its input. */
export type Asking = {
  /** The project under the config in force, acting in the name of the token. */
  app: App
  /** Name of the token. */
  token: string
  correlation: string
  log: Log
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** Aborted when the daemon is to stop. */
  signal: AbortSignal
  /** Keeps work going that outlives its request; the daemon waits for it when it stops. */
  keepGoing(work: Promise<unknown>): void
}

export type Reply = {
  /** 200 when left out. */
  status?: number
  data: object
  headers?: Readonly<Record<string, string>>
}

/** One route of the API. The server, docs/api.md and openapi.json are made from these. */
export type ApiRoute = {
  method: 'GET' | 'POST'
  /** With `{name}` for what stands in the path. */
  path: string
  scope: TokenScope
  summary: string
  /** What a reader has to know beside that, in whole sentences. */
  notes?: string
  query?: z.ZodObject
  body?: z.ZodObject
  /** Words of the command that prints the same with `--json`. */
  answer: string
  /** Statuses of an answer, and what each means; only 200 when left out. */
  statuses?: Readonly<Record<number, string>>
  run(asking: Asking, input: RouteInput): Promise<Reply>
}

type RouteInput = { path: Record<string, string>; query: unknown; body: unknown }

type Shaped<Q extends z.ZodObject, B extends z.ZodObject> = Omit<
  ApiRoute,
  'query' | 'body' | 'run'
> & {
  query?: Q
  body?: B
  run(
    asking: Asking,
    input: { path: Record<string, string>; query: z.output<Q>; body: z.output<B> },
  ): Promise<Reply>
}

/** Gives the input of a route its types. */
export const defineRoute = <Q extends z.ZodObject, B extends z.ZodObject>(
  route: Shaped<Q, B>,
): ApiRoute => route as ApiRoute

/** Query and body by the schemas of the route. Throws `input_invalid` with every fault of both at once. */
export function readInput(
  route: ApiRoute,
  given: { query: unknown; body: unknown },
): { query: unknown; body: unknown } {
  const query = checked(route.query, given.query, 'query')
  const body = checked(route.body, given.body, 'body')
  const faults = [...query.faults, ...body.faults]
  if (faults.length === 0) return { query: query.value, body: body.value }
  throw new CaravanError({
    code: 'usage',
    message: `the request cannot be taken like this, ${counted(faults.length, 'fault')}:\n${faults.join('\n')}`,
    see: 'GET /openapi.json',
  })
}

/** A use case names the flag that it could not read; here it is a parameter of the query or of the body. */
export function inWordsOf(route: ApiRoute, error: unknown): unknown {
  if (!(error instanceof CaravanError)) return error
  const { code, message, hint, see, cause } = error
  const named = (text: string): string =>
    text.replaceAll(/--([a-z][a-z-]*)/g, (flag, name: string) => {
      const key = name.replaceAll('-', '_')
      if (route.query && key in route.query.shape) return `query ${key}:`
      if (route.body && key in route.body.shape) return `body ${key}:`
      return flag
    })
  return new CaravanError({ code, message: named(message), hint: hint && named(hint), see, cause })
}

function checked(
  schema: z.ZodObject | undefined,
  given: unknown,
  where: 'query' | 'body',
): { value: unknown; faults: string[] } {
  const value = given ?? {}
  if (!schema) {
    const keys = typeof value === 'object' ? Object.keys(value) : ['']
    return { value: {}, faults: keys.map((key) => line(where, key, 'is not taken here')) }
  }
  const result = checkAgainst(schema, value)
  if (result.ok) return { value: result.value, faults: [] }
  const faults = result.issues.map(({ path, message }) => line(where, path.join('.'), message))
  return { value: undefined, faults }
}

const line = (where: string, key: string, message: string): string =>
  `  ${key === '' ? `the ${where}` : `${where} ${key}`}: ${message}`
