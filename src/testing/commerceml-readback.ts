import { readCommerceml } from '../formats/commerceml/read.ts'
import type { CommerceRecord } from '../formats/commerceml/records.ts'
import type { ExportOffer, ExportProduct } from '../formats/commerceml/write-model.ts'

/** The whole text of what a writer yields. */
export async function textOf(pieces: AsyncIterable<string> | Iterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

/** The records that our reader finds in it. */
export async function readBack(
  pieces: AsyncIterable<string> | Iterable<string>,
): Promise<CommerceRecord[]> {
  const bytes = Buffer.from(await textOf(pieces))
  const records: CommerceRecord[] = []
  for await (const batch of readCommerceml([bytes], { file: 'test.xml' })) records.push(...batch)
  return records
}

export function ofType<T extends CommerceRecord['type']>(
  records: readonly CommerceRecord[],
  type: T,
) {
  return records.filter(
    (record): record is Extract<CommerceRecord, { type: T }> => record.type === type,
  )
}

export const product = (fields: Partial<ExportProduct> = {}): ExportProduct => ({
  id: 'AA9GM2E3300',
  name: 'Холодильник',
  unit: { code: '796', shortName: 'шт' },
  ...fields,
})

export const offer = (fields: Partial<ExportOffer> = {}): ExportOffer => ({
  id: 'AA9GM2E3300',
  name: 'Холодильник',
  prices: [{ priceTypeId: 'retail', amount: '100', currencyRaw: 'RUB' }],
  ...fields,
})
