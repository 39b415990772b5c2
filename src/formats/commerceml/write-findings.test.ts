import { describe, expect, it } from 'vitest'
import { tidyOptions } from '../../testing/commerceml-data.ts'
import { offer, ofType, product, readBack, textOf } from '../../testing/commerceml-readback.ts'
import { violations, whyNoXmllint } from '../../testing/xmllint.ts'
import type { ExportOffer, ExportProduct, WriteCounts, WriteFinding } from './write-model.ts'
import { writeCustomers, writeImport, writeOffers } from './write.ts'

const versions = ['2.07', '3.1'] as const
const skipped = whyNoXmllint()

describe('what cannot be written as given is reported', () => {
  async function findingsOf(
    fields: Partial<ExportProduct> & Partial<ExportOffer>,
    version: (typeof versions)[number] = '2.07',
  ) {
    const findings: WriteFinding[] = []
    let counts: WriteCounts | undefined
    const options = {
      ...tidyOptions(version, (finding) => findings.push(finding)),
      onCounted: (all: WriteCounts) => (counts = all),
    }
    const isOffer = 'prices' in fields || 'stock' in fields
    const pieces = isOffer
      ? writeOffers(options, [offer(fields)])
      : writeImport(options, [product(fields)])
    const records = await readBack(pieces)
    return {
      findings,
      counts,
      read: isOffer ? ofType(records, 'offer')[0] : ofType(records, 'product')[0],
    }
  }

  it.each`
    field            | value                                                              | code                    | element
    ${'description'} | ${'д '.repeat(2000)}                                               | ${'text_cut'}           | ${'Описание'}
    ${'name'}        | ${'н'.repeat(251)}                                                 | ${'text_cut'}           | ${'Наименование'}
    ${'name'}        | ${' '}                                                             | ${'name_missing'}       | ${'Наименование'}
    ${'name'}        | ${'a\u0000b'}                                                      | ${'characters_removed'} | ${'Наименование'}
    ${'barcode'}     | ${'123'}                                                           | ${'value_left_out'}     | ${'Штрихкод'}
    ${'pictures'}    | ${['p'.repeat(256)]}                                               | ${'value_left_out'}     | ${'Картинка'}
    ${'categoryId'}  | ${'c'}                                                             | ${'value_left_out'}     | ${'Категория'}
    ${'groupIds'}    | ${['g'.repeat(41)]}                                                | ${'id_replaced'}        | ${'Ид'}
    ${'prices'}      | ${[]}                                                              | ${'record_left_out'}    | ${'Предложение'}
    ${'prices'}      | ${[{ amount: '1', priceTypeId: 'no' }]}                            | ${'value_left_out'}     | ${'Цена'}
    ${'prices'}      | ${[{ amount: '1.005', priceTypeId: 'retail' }]}                    | ${'number_rounded'}     | ${'ЦенаЗаЕдиницу'}
    ${'stock'}       | ${{ quantity: 'many' }}                                            | ${'value_left_out'}     | ${'Количество'}
    ${'stock'}       | ${{ quantity: '5', rows: [{ warehouseId: 'w1', quantity: '3' }] }} | ${'stock_differs'}      | ${'Количество'}
  `('$field $value is $code', async ({ field, value, code, element }) => {
    const { findings } = await findingsOf({ [field]: value })

    const wanted = {
      code,
      element,
      id: 'AA9GM2E3300',
      message: expect.stringContaining('AA9GM2E3300: '),
    }
    expect(findings).toContainEqual(expect.objectContaining(wanted))
  })

  it('the whole of a cut name stays in the full name', async () => {
    const name = 'имя '.repeat(70).trim()

    const { read } = await findingsOf({ name, fullName: name })

    expect(read?.name?.length).toBeLessThanOrEqual(250)
    expect(read?.requisites).toEqual([{ name: 'Полное наименование', values: [name] }])
  })

  it('unknown stock is no stock, and zero is zero', async () => {
    const { read: unknown } = await findingsOf({ stock: { rows: [{ warehouseId: 'w1' }] } })
    const { read: zero } = await findingsOf({ stock: { quantity: '0' } })

    expect(unknown).toMatchObject({ stock: undefined })
    expect(zero).toMatchObject({ stock: { quantity: '0' } })
  })

  it('a total that its warehouses do not add up to is the one that counts', async () => {
    const stock = {
      quantity: '5',
      rows: [{ warehouseId: 'w1', quantity: '3' }, { warehouseId: 'w2' }],
    }

    const { read: old } = await findingsOf({ stock })
    const { read: split } = await findingsOf({ stock }, '3.1')

    expect(old).toMatchObject({
      stock: { quantity: '5', rows: [{ warehouseId: 'w1', quantity: '3' }] },
    })
    expect(split).toMatchObject({ stock: { quantity: '5', rows: [{ quantity: '5' }] } })
  })

  it('3.1 keeps offers without a price and long descriptions', async () => {
    const { read: unpriced, findings } = await findingsOf(
      { prices: [], stock: { quantity: '2' } },
      '3.1',
    )
    const { read: wordy } = await findingsOf({ description: 'д'.repeat(4000) }, '3.1')

    expect(unpriced).toMatchObject({ prices: [], stock: { quantity: '2' } })
    expect(findings).toEqual([])
    expect(wordy?.description).toHaveLength(4000)
  })

  it('an offer keeps naming its product when its id is too long', async () => {
    const id = 'P'.repeat(64)

    const { read } = await findingsOf({
      id: `${id}#${'c'.repeat(36)}`,
      prices: [{ priceTypeId: 'retail', amount: '1' }],
    })

    expect(read?.productId).toBe(id)
    expect(read?.id).toHaveLength(80)
  })

  it('what was left out is counted', async () => {
    const { counts } = await findingsOf({ prices: [] })

    expect(counts).toEqual({ groups: 0, products: 0, offers: 0, customers: 0, leftOut: 1 })
  })

  it.each(versions)(
    '%s: no products give no catalogue that claims to be complete',
    async (version) => {
      const findings: WriteFinding[] = []
      const options = tidyOptions(version, (finding) => findings.push(finding))

      const text = await textOf(writeImport(options, []))

      expect(text).not.toContain('<Каталог')
      expect(findings).toMatchObject([{ code: 'catalogue_empty' }])
      expect(skipped || version === '3.1' ? '' : violations([text])).toBe('')
    },
  )

  it('a customer that 2.07 cannot mark as deleted is left out', async () => {
    const gone = { id: 'c', name: 'ООО', kind: 'legal' as const, isDeleted: true }

    const old = await readBack(writeCustomers(tidyOptions('2.07'), [gone]))
    const split = await readBack(writeCustomers(tidyOptions('3.1'), [gone]))

    expect(ofType(old, 'customer')).toEqual([])
    expect(ofType(split, 'customer')).toMatchObject([{ id: 'c', isDeleted: true }])
  })

  it('passes on what the source of the records throws', async () => {
    function* products() {
      yield product()
      throw new Error('the database went away')
    }

    await expect(textOf(writeImport(tidyOptions('2.07'), products()))).rejects.toThrow('went away')
  })
})

it('a nameless offer stays nameless in 3.1, so that no name is lost on the other side', async () => {
  const nameless = offer({ name: undefined })

  const old = await readBack(writeOffers(tidyOptions('2.07'), [nameless]))
  const split = await readBack(writeOffers(tidyOptions('3.1'), [nameless]))

  expect(ofType(old, 'offer')[0]?.name).toBe(nameless.id)
  expect(ofType(split, 'offer')[0]?.name).toBeUndefined()
})

describe('a tree of groups', () => {
  it('stands whatever the parents are', async () => {
    const findings: WriteFinding[] = []
    const groups = [
      { id: 'a', name: 'a', parentId: 'b' },
      { id: 'b', name: 'b', parentId: 'a' },
      { id: 'c', name: 'c', parentId: 'nobody' },
      { id: 'd', name: 'd', parentId: 'd' },
      { id: 'b', name: 'again' },
      { id: 'e', name: 'e', parentId: 'b' },
    ]
    const options = { ...tidyOptions('2.07', (finding) => findings.push(finding)), groups }

    const read = ofType(await readBack(writeImport(options, [product()])), 'group')

    expect(read.map(({ id, parentId }) => [id, parentId])).toEqual([
      ['a', undefined],
      ['b', 'a'],
      ['e', 'b'],
      ['c', undefined],
      ['d', undefined],
    ])
    expect(findings.map(({ code, id }) => [code, id])).toEqual([
      ['record_left_out', 'b'],
      ['group_moved', 'a'],
      ['group_moved', 'c'],
      ['group_moved', 'd'],
    ])
  })

  it('keeps all groups, though none too deep', async () => {
    const groups = Array.from({ length: 2000 }, (_, index) => ({
      id: `g${index}`,
      name: `${index}`,
      parentId: index === 0 ? undefined : `g${index - 1}`,
    }))

    const read = ofType(
      await readBack(writeImport({ ...tidyOptions('3.1'), groups }, [product()])),
      'group',
    )

    expect(read).toHaveLength(2000)
    expect(Math.max(...read.map(({ depth }) => depth))).toBe(24)
  })
})
