import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { allRecords, countCommerceml } from '../../testing/commerceml-counts.ts'
import { readCommercemlFile } from './read.ts'

const fallback = path.resolve(import.meta.dirname, '../../../../shared/data/commerceml')
const folder = process.env['CARAVAN_COMMERCEML'] ?? fallback
const listPath = path.join(folder, 'expected.json')
const isThere = existsSync(listPath)
if (!isThere) {
  console.warn(
    `Skipped: no samples at ${folder}. CARAVAN_COMMERCEML names another folder with an expected.json.`,
  )
}

type Expected = { files: Record<string, Record<string, unknown>> }
const expected: Expected = isThere
  ? (JSON.parse(readFileSync(listPath, 'utf8')) as Expected)
  : { files: {} }

describe.skipIf(!isThere)('real exchange files', () => {
  it('there are some', () => {
    expect(Object.keys(expected.files).length).toBeGreaterThan(0)
  })

  it.each(Object.entries(expected.files))(
    '%s has the counts and sums it should',
    async (name, wanted) => {
      const records = await allRecords(readCommercemlFile(path.join(folder, name)))

      expect(countCommerceml(records)).toEqual(wanted)
      expect(records.at(-1)).toMatchObject({ type: 'end', records: records.length - 1 })
      expect(records.filter((record) => record.type === 'finding')).toEqual([])
    },
  )
})
