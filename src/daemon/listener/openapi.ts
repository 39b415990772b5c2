/** The API in the words of OpenAPI 3.1, made from the routes themselves. */
import type { z } from 'zod'
import { ApiError } from '../../app/answers/api.ts'
import { answers } from '../../app/answers/index.ts'
import { jsonSchemaOf } from '../../app/answers/json-schema.ts'
import { scopes } from '../../app/tokens.ts'
import { version } from '../../version.ts'
import type { ApiRoute } from './route.ts'

/** https://spec.openapis.org/oas/v3.1.1.html */
export function openApi(routes: readonly ApiRoute[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) }
  }
  const description = Object.entries(scopes)
    .map(([scope, what]) => `${scope}: ${what}`)
    .join('; ')
  return {
    openapi: '3.1.1',
    info: { title: 'caravan', version, summary: 'What a running caravan daemon can be asked' },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description } },
      schemas: { Error: schemaOf(ApiError) },
    },
  }
}

function operationOf(route: ApiRoute): object {
  const { summary, notes, scope, body, answer, statuses } = route
  const schema = answers[answer]
  if (!schema) throw new Error(`no answer of ${answer}`)
  const content = { 'application/json': { schema: schemaOf(schema) } }
  const words = statuses ?? { 200: summary }
  const answered = Object.entries(words).map(([status, description]) => [
    status,
    { description, content },
  ])
  return {
    summary,
    description: [notes, `Needs the scope ${scope}.`].filter(Boolean).join(' '),
    security: [{ token: [scope] }],
    parameters: parametersOf(route),
    ...(body && {
      requestBody: { content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: { ...Object.fromEntries(answered), default: refusal },
  }
}

const refusal = {
  description: 'It was refused, or did not work',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
}

function parametersOf({ path, query }: ApiRoute): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema as z.ZodType, 'input')
    return {
      name,
      in: 'query',
      ...(description === undefined ? {} : { description }),
      schema: rest,
    }
  })
  return [...inPath, ...inQuery]
}

function schemaOf(schema: z.ZodType, io?: 'input'): Record<string, unknown> {
  const { $schema, ...rest } = jsonSchemaOf(schema, io) as Record<string, unknown>
  void $schema
  return rest
}
