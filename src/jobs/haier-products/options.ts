import { z } from 'zod'

const maxCodes = 10_000

/** What `caravan sync haier-products` takes as flags and the config under `with`. */
export const HaierProductsOptions = z.object({
  codes: z
    .array(z.string().trim().min(1))
    .max(maxCodes)
    .optional()
    .meta({ description: 'only these product codes', example: ['GA0SZC00U', 'CEABL9000'] }),
  brand: z
    .string()
    .optional()
    .meta({ description: 'only products of this brand', example: '海尔' }),
  group: z
    .string()
    .optional()
    .meta({ description: 'only products of this group', example: '冰箱' }),
  prices: z.boolean().default(false).meta({ description: 'with prices' }),
  stock: z.boolean().default(false).meta({ description: 'with stock by warehouse' }),
  county: z
    .string()
    .regex(/^\d{6}$/, 'must be a national division code of 6 digits')
    .optional()
    .meta({ description: 'county the stock is for', example: '110101' }),
  max_shrink_percent: z
    .number()
    .min(0)
    .max(99) // an empty listing is stopped whatever stands here
    .default(20)
    .meta({ description: 'stop when a full listing lacks more of the known products than this' }),
  accept_shrink: z
    .boolean()
    .default(false)
    .meta({ description: 'mark missing products however many they are' }),
})
export type HaierProductsOptions = z.output<typeof HaierProductsOptions>

/** A filtered run sees a part of the catalogue and must not conclude anything from what it does not see. */
export const isFullListing = ({ codes, brand, group }: HaierProductsOptions): boolean =>
  codes === undefined && brand === undefined && group === undefined
