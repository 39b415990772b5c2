import { z } from 'zod'
import { isTimeZone } from '../../core/time-zone.ts'

/** What `caravan import 1c` takes as arguments and flags and the config under `with`. */
export const OnecCatalogOptions = z.object({
  paths: z
    .array(z.string().min(1))
    .min(1, 'must name at least one')
    .meta({ description: 'files, folders and zips of one exchange' }),
  source: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .default('1c')
    .meta({ description: 'name of the 1C base; records of other sources are not touched' }),
  price_types: z
    .record(z.string().trim().min(1), z.enum(['supply_price', 'invoice_price', 'market_price']))
    .default({})
    .meta({
      description: 'price type of 1C, by its Ид or its exact name, and the price column it fills',
    }),
  timezone: z
    .string()
    .refine(isTimeZone, 'is not a time zone such as Europe/Moscow')
    .default('UTC')
    .meta({ description: 'zone of the clock of the 1C server', example: 'Europe/Moscow' }),
  max_shrink_percent: z
    .number()
    .min(0)
    .max(99)
    .default(20)
    .meta({ description: 'stop when a full listing lacks more of the known products than this' }),
  accept_shrink: z
    .boolean()
    .default(false)
    .meta({ description: 'mark missing products however many they are' }),
  unescape_twice: z
    .boolean()
    .default(false)
    .meta({ description: 'texts were escaped twice: &amp;quot; means a quotation mark' }),
})
export type OnecCatalogOptions = z.output<typeof OnecCatalogOptions>
