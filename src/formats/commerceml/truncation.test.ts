import { describe, expect, it } from 'vitest'
import { catalogueText } from '../../testing/commerceml-catalogue.ts'
import { allRecords } from '../../testing/commerceml-counts.ts'
import { readCommerceml } from './read.ts'
import type { CommerceRecord } from './records.ts'

const large = Buffer.from([...catalogueText(250)].join('')) // 1 MB
const small = Buffer.from(
  [...catalogueText(1)].join('').replace(/<Классификатор>[^]*<\/Классификатор>/, ''),
)
const end = large.lastIndexOf('>') + 1

/** What comes of a file: its records, and the failure that ended it. */
async function outcome(bytes: Uint8Array) {
  const records: CommerceRecord[] = []
  try {
    for await (const batch of readCommerceml([bytes], { file: 'a.xml' })) records.push(...batch)
    return { records, error: undefined }
  } catch (error) {
    return { records, error }
  }
}

describe('a file that is cut off fails and never ends', () => {
  it('at every hundredth of its length', async () => {
    const whole = await allRecords(readCommerceml([large], { file: 'a.xml' }))
    for (let part = 0; part < 100; part++) {
      const { records, error } = await outcome(large.subarray(0, Math.floor((end * part) / 100)))

      expect(error).toMatchObject({ code: 'xml_malformed' })
      expect(error).toMatchObject({ message: expect.stringMatching(/^a\.xml: byte \d+/) as string })
      expect(records.some((record) => record.type === 'end')).toBe(false)
      expect(records).toEqual(whole.slice(0, records.length)) // what was read until then is right
    }
  })

  it('at every byte, also within a character', async () => {
    const last = small.lastIndexOf('>') + 1
    for (let length = 0; length < last; length++) {
      const { records, error } = await outcome(small.subarray(0, length))

      expect(error).toMatchObject({ code: 'xml_malformed' })
      expect(records.some((record) => record.type === 'end')).toBe(false)
    }
  })

  it('says where, and in which element', async () => {
    const cut = large.indexOf('</Артикул>', 500_000)

    const { error } = await outcome(large.subarray(0, cut))

    const message = expect.stringMatching(
      new RegExp(
        `^a\\.xml: byte ${cut}, in Каталог/Товары/Товар\\[\\d+\\]/Артикул: the file is cut off`,
      ),
    ) as string
    expect(error).toMatchObject({ code: 'xml_malformed', message })
  })
})

it('refuses what follows the root', async () => {
  const { records, error } = await outcome(Buffer.concat([small, small]))

  expect(error).toMatchObject({ code: 'xml_malformed' })
  expect(records.some((record) => record.type === 'end')).toBe(false)
})
