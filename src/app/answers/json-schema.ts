import { z } from 'zod'

/** A schema as JSON Schema, draft 2020-12, without what a reader learns nothing from. `input`: as it is written. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): object {
  return z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => shorten(jsonSchema),
  })
}

/** How an instant is matched, and the largest whole number of JSON. */
function shorten(schema: Record<string, unknown>): void {
  if (schema.format === 'date-time') delete schema.pattern
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (schema.type === 'object') delete schema.propertyNames
}
