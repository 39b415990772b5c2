import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { zipFile } from '../testing/zip-file.ts'
import type { ZipContent } from '../testing/zip-file.ts'
import { defaultZipLimits, openZip } from './zip.ts'
import type { ZipItem } from './zip.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'caravan-zip-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function archive(...contents: ZipContent[]): Promise<string> {
  const file = path.join(folder, 'a.zip')
  await writeFile(file, zipFile(contents))
  return file
}

async function textOf(item: ZipItem | undefined): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of item?.read() ?? []) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const content = (name: string, text = 'text'): ZipContent => ({ name, data: Buffer.from(text) })

it('lists files and reads them, as often as asked', async () => {
  const file = await archive(
    content('webdata/'),
    content('webdata/import.xml', 'товар'),
    content('b.xml'),
  )

  const { items, close } = await openZip(file)

  expect(items.map((item) => item.name)).toEqual(['webdata/import.xml', 'b.xml'])
  expect(await textOf(items[0])).toBe('товар')
  expect(await textOf(items[0])).toBe('товар')
  close()
})

it('reads names of Windows: code page 866 and backslashes', async () => {
  const rawName = Uint8Array.of(0x92, 0xae, 0xa2, 0xa0, 0xe0, 0xeb, 0x5c, 0x31) // Товары\1
  const file = await archive({ ...content('x'), rawName })

  const { items, close } = await openZip(file)

  expect(items.map((item) => item.name)).toEqual(['Товары/1'])
  close()
})

describe('an archive is refused', () => {
  it.each([
    '../a.xml',
    'a/../../b.xml',
    '/etc/passwd',
    'C:\\a.xml',
    '..\\a.xml',
    'a\0.xml',
    '\\\\host\\a.xml',
    '',
  ])('with the name %j', async (name) => {
    const file = await archive(content('good.xml'), content(name))

    await expect(openZip(file)).rejects.toMatchObject({ code: 'input_invalid' })
  })

  it('with one name twice', async () => {
    const file = await archive(content('a.xml'), content('a.xml'))

    await expect(openZip(file)).rejects.toThrow('stands in it twice')
  })

  it('when a file grows beyond the ratio', async () => {
    const file = await archive({ name: 'bomb.xml', data: Buffer.alloc(20_000_000) })

    await expect(openZip(file)).rejects.toThrow(/"bomb\.xml" grows to \d+ times/)
  })

  it('when it is larger in all than the limit', async () => {
    const file = await archive(content('a', 'x'.repeat(600)), content('b', 'y'.repeat(600)))

    const opening = openZip(file, { ...defaultZipLimits, totalBytes: 1000 })

    await expect(opening).rejects.toThrow('more than 1000 bytes')
  })

  it('with too many files', async () => {
    const file = await archive(content('a'), content('b'), content('c'))

    await expect(openZip(file, { ...defaultZipLimits, entries: 2 })).rejects.toThrow('3 files')
  })
})

describe('a damaged archive', () => {
  it('that is cut off is not opened', async () => {
    const bytes = zipFile([content('a.xml', 'x'.repeat(1000))])
    const file = path.join(folder, 'cut.zip')
    for (const size of [0, 4, 40, bytes.length - 23, bytes.length - 1]) {
      await writeFile(file, bytes.subarray(0, size))

      await expect(openZip(file)).rejects.toMatchObject({ code: 'file_unreadable' })
    }
  })

  it.each([
    ['a wrong checksum', { crc: 1 }],
    ['more data than it says', { sizeBytes: 2 }],
    ['less data than it says', { sizeBytes: 20 }],
  ])('with %s fails while it is read', async (_name, claims) => {
    const { items, close } = await openZip(await archive({ ...content('a.xml'), claims }))

    await expect(textOf(items[0])).rejects.toMatchObject({ code: 'file_unreadable' })
    close()
  })
})

it('a file that is not there is unreadable', async () => {
  await expect(openZip(path.join(folder, 'none.zip'))).rejects.toMatchObject({
    code: 'file_unreadable',
  })
})
