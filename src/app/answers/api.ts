/** What the listener's API answers that no command prints. */
import { z } from 'zod'

/** Every refusal and every failure of the API, whatever went wrong. */
export const ApiError = z.strictObject({
  error: z.strictObject({
    code: z.string().describe('Stable; see the list of codes in docs/api.md'),
    message: z.string(),
    hint: z.string().nullable().describe('What to do about it'),
    see: z.string().nullable().describe('A command or a page that shows more'),
  }),
})

export type ApiError = z.infer<typeof ApiError>
