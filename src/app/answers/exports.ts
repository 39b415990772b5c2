import { z } from 'zod'

/** The files that were written for 1C. */
export const ExportResult = z.strictObject({
  files: z.array(z.strictObject({ file: z.string(), records: z.int(), bytes: z.int() })),
  findings: z
    .array(z.string())
    .describe('What could not be written as it is, as sentences; the first of each kind'),
})

export type ExportResult = z.infer<typeof ExportResult>

const money = z
  .string()
  .nullable()
  .describe('Decimal text in the currency; null is unknown, which is not zero')

/** One product as a row. */
export const ProductRow = z.strictObject({
  source: z.string(),
  code: z.string(),
  name: z.string(),
  model: z.string().nullable(),
  article: z.string().nullable(),
  barcode: z.string().nullable(),
  brand: z.string().nullable(),
  group: z.string().nullable(),
  currency: z.string().nullable(),
  supply_price: money,
  invoice_price: money,
  market_price: money,
  stock_rebate: z.string().nullable(),
  rebate_type: z.string().nullable(),
  rebate_money: money,
  stock: z.string().nullable(),
  is_sales: z.boolean().nullable(),
  no_sales_reason: z.string().nullable(),
  image_url: z.string().nullable(),
  status: z.string(),
  updated_at: z.iso.datetime(),
})

export type ProductRow = z.infer<typeof ProductRow>
