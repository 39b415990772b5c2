import type { z } from 'zod'
import { IntegrationError } from '../../core/errors.ts'

/** Checks an answer against its schema. Throws `bad_response` naming the field that is not as agreed. */
export function read<Schema extends z.ZodType>(
  schema: Schema,
  payload: unknown,
  what: string,
): z.output<Schema> {
  const checked = schema.safeParse(payload)
  if (checked.success) return checked.data
  if (payload === null || payload === undefined) {
    throw new IntegrationError({
      kind: 'bad_response',
      message: `the answer holds no ${what}`,
      hint: 'The vendor answered without data, which is not the same as an empty list. Try again later.',
    })
  }
  const [issue] = checked.error.issues
  const where = issue?.path.join('.') || 'the whole'
  throw new IntegrationError({
    kind: 'bad_response',
    message: `the answer is not the ${what} that was agreed: ${where}: ${issue?.message}`,
    hint: 'The vendor may have changed its interface, or another program answers at this address.',
  })
}
