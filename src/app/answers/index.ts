/**
 * What commands print with `--json`, by the words of the command. These schemas are published (docs/json) and the types
 * of the use cases are read from them, so that none can change without the others. Only tests and the generator load
 * this file: at run time the types are enough.
 */
import { z } from 'zod'
import { ServiceInfo } from './services.ts'

/** A list is printed as one object with the rows under a name; `--output jsonl` prints the rows alone. */
const list = (name: string, row: z.ZodType): z.ZodType => z.strictObject({ [name]: z.array(row) })

export const answers: Readonly<Record<string, z.ZodType>> = {
  list: list('services', ServiceInfo),
}
