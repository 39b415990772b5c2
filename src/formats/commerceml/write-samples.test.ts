import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { tidyOptions } from '../../testing/commerceml-data.ts'
import { ofType, readBack, textOf } from '../../testing/commerceml-readback.ts'
import { commercemlFolder, violations, whyNoXmllint } from '../../testing/xmllint.ts'
import { readCommercemlFile } from './read.ts'
import type { CommerceRecord } from './records.ts'
import { writeCustomers, writeImport, writeOffers } from './write.ts'

const skipped = whyNoXmllint()
if (skipped) console.warn(`Skipped: real files, read and written again: ${skipped}.`)

describe.skipIf(skipped)('real files, read and written again', () => {
  it.each`
    file                              | version   | schema
    ${'2.04-doc-catalog/import.xml'}  | ${'2.07'} | ${true}
    ${'2.04-hosiery/import.xml'}      | ${'2.07'} | ${true}
    ${'2.07-boots/import.xml'}        | ${'2.07'} | ${true}
    ${'2.07-boots/offers.xml'}        | ${'2.07'} | ${true}
    ${'2.07-ut-demo/import0_1.xml'}   | ${'2.07'} | ${true}
    ${'2.08-two-products/offers.xml'} | ${'2.07'} | ${true}
    ${'3.1-sport/goods.xml'}          | ${'3.1'}  | ${false}
    ${'3.1-sport/goods.xml'}          | ${'2.07'} | ${true}
    ${'3.1-sport/groups.xml'}         | ${'3.1'}  | ${false}
    ${'3.1-sport/prices.xml'}         | ${'3.1'}  | ${false}
    ${'3.1-sport/rests.xml'}          | ${'3.1'}  | ${false}
    ${'3.1-sport/contragents.xml'}    | ${'3.1'}  | ${false}
  `('$file in $version keeps its records', async ({ file, version, schema }) => {
    const records: CommerceRecord[] = []
    for await (const batch of readCommercemlFile(path.join(commercemlFolder, file))) {
      records.push(...batch)
    }
    const options = { ...tidyOptions(version), ...listsOf(records) }
    const [products, offers, customers] = [
      named(records, 'product'),
      named(records, 'offer'),
      named(records, 'customer'),
    ]

    const texts = [
      await textOf(writeImport(options, products)),
      await textOf(writeOffers(options, offers)),
      await textOf(writeCustomers(options, customers)),
    ]

    expect(schema ? violations(texts.slice(0, 2)) : '').toBe('')
    const after: CommerceRecord[] = []
    for (const text of texts) after.push(...(await readBack([text])))
    const types = ['group', 'product', 'offer', 'customer'] as const
    for (const type of types) {
      expect(ofType(after, type).map(core)).toEqual(ofType(records, type).map(core))
    }
  })
})

type Named =
  'product' | 'offer' | 'customer' | 'group' | 'property' | 'priceType' | 'warehouse' | 'unit'
type Identified<T> = T & { id: string }

/** The records of a type that have an id, as the writer wants them. */
function named<T extends Named>(records: readonly CommerceRecord[], type: T) {
  type Wanted = Extract<CommerceRecord, { type: T }>
  return records.filter(
    (record): record is Identified<Wanted> =>
      record.type === type && 'id' in record && record.id !== undefined,
  )
}

function listsOf(records: readonly CommerceRecord[]) {
  const used = ofType(records, 'offer').flatMap(({ prices }) =>
    prices.flatMap(({ priceTypeId }) => priceTypeId ?? []),
  )
  const listed = named(records, 'priceType')
  const missing = [...new Set(used)].filter((id) => !listed.some((type) => type.id === id))
  return {
    groups: named(records, 'group'),
    properties: named(records, 'property'),
    warehouses: named(records, 'warehouse'),
    units: named(records, 'unit'),
    priceTypes: [...listed, ...missing.map((id) => ({ id, name: id }))],
  }
}

/** What must survive in any version. */
function core(record: CommerceRecord): object {
  if (record.type === 'group') return [record.id, record.name, record.parentId]
  if (record.type === 'customer') {
    const { id, name, kind, inn, roles, accounts, registrationAddress, contacts } = record
    return { id, name, kind, inn, roles, accounts, registrationAddress, contacts }
  }
  if (record.type !== 'product' && record.type !== 'offer') return {}
  const { id, name, article, isDeleted, groupIds, description, pictures, characteristics } = record
  const prices =
    record.type === 'offer'
      ? record.prices.map(({ priceTypeId, amount, currencyRaw }) => [
          priceTypeId,
          amount,
          currencyRaw,
        ])
      : []
  const stock = record.type === 'offer' ? [record.stock?.quantity, record.stock?.rows] : []
  const values = record.propertyValues.filter((one) => one.values.length > 0)
  const requisites = record.requisites.filter((one) => one.values.length > 0)
  const known = characteristics.filter(({ value }) => value !== undefined)
  return {
    id,
    name,
    article,
    isDeleted,
    groupIds,
    description,
    pictures,
    prices,
    stock,
    values,
    requisites,
    known,
  }
}
