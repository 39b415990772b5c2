import { z } from 'zod'

export const AdapterInfo = z.strictObject({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  docs: z.string().describe("Address of the vendor's documentation"),
})

export type AdapterInfo = z.infer<typeof AdapterInfo>
