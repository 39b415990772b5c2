import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { catalogueText } from '../../testing/commerceml-catalogue.ts'
import { allRecords } from '../../testing/commerceml-counts.ts'
import { readCommerceml } from './read.ts'
import type { CommerceRecord } from './records.ts'

const plain = [...catalogueText(12)].join('')
const read = (bytes: Uint8Array, size = 65_536): Promise<CommerceRecord[]> =>
  allRecords(readCommerceml(pieces(bytes, size), { file: 'a.xml' }))

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  const buffer = Buffer.alloc(size) // used again for each piece, as a reader of files does
  for (let from = 0; from < bytes.length; from += size) {
    const piece = bytes.subarray(from, from + size)
    buffer.set(piece)
    yield buffer.subarray(0, piece.length)
  }
}

/** Records without what differs between encodings: offsets, sizes and the header's word about the encoding. */
const content = (records: readonly CommerceRecord[]): unknown[] =>
  records
    .filter((record) => record.type !== 'finding')
    .map((record) => {
      const { offset: _offset, ...rest } = { offset: 0, ...record }
      if (rest.type === 'end') return { type: 'end', records: 0 }
      return rest.type === 'header' ? { type: 'header', version: rest.version } : rest
    })

const declared = (label: string): string => plain.replace('UTF-8', label)
const mark = '\ufeff'
const wanted = content(await read(Buffer.from(plain)))

describe('the same content', () => {
  it.each`
    name                                  | bytes                                                         | encoding
    ${'UTF-8 with a mark'}                | ${Buffer.from(mark + plain)}                                  | ${'utf-8'}
    ${'UTF-8 without a declaration'}      | ${Buffer.from(plain.slice(plain.indexOf('<К')))}              | ${'utf-8'}
    ${'windows-1251'}                     | ${iconv.encode(declared('windows-1251'), 'win1251')}          | ${'windows-1251'}
    ${'UTF-16LE with a mark'}             | ${Buffer.from(mark + declared('UTF-16'), 'utf16le')}          | ${'utf-16le'}
    ${'UTF-16LE without a mark'}          | ${Buffer.from(declared('UTF-16'), 'utf16le')}                 | ${'utf-16le'}
    ${'UTF-16BE with a mark'}             | ${Buffer.from(mark + declared('UTF-16'), 'utf16le').swap16()} | ${'utf-16be'}
    ${'UTF-8 with a mark, declared 1251'} | ${Buffer.from(mark + declared('windows-1251'))}               | ${'utf-8'}
  `('in $name gives the same records', async ({ bytes, encoding }) => {
    const records = await read(bytes as Buffer)

    expect(records[0]).toMatchObject({ type: 'header', encoding })
    expect(content(records)).toEqual(wanted)
  })

  it.each`
    name                         | text
    ${'with a namespace'}        | ${plain.replace('ВерсияСхемы', 'xmlns="urn:1C.ru:commerceml_3" ВерсияСхемы')}
    ${'with prefixes'}           | ${plain.replace(/<(\/?)(?=[А-я])/g, '<$1cml:').replace('ВерсияСхемы', 'xmlns:cml="urn:1C.ru:commerceml_2" ВерсияСхемы')}
    ${'with other line ends'}    | ${plain.replaceAll('\r\n', '\n')}
    ${'without blanks'}          | ${plain.replace(/>\s+</g, '><')}
    ${'with comments and CDATA'} | ${plain.replaceAll('<Штрихкод>', '<!-- x --><Штрихкод><![CDATA[]]>')}
  `('$name gives the same records', async ({ text }) => {
    const records = await read(Buffer.from(String(text)))

    expect(content(records)).toEqual(wanted)
  })

  it('with the elements of products in reverse gives the same products', async () => {
    const reversed = plain.replace(
      /(<Товар>)([\s\S]*?)(\r\n\t\t\t<\/Товар>)/g,
      (_whole, begin: string, inside: string, end: string) =>
        begin +
        inside
          .split(/\r\n(?=\t{4}<[^/])/)
          .toReversed()
          .join('\r\n') +
        end,
    )
    const bare = (list: readonly unknown[]) =>
      list.map((record) => ({ ...(record as Record<string, unknown>), has: undefined }))

    const records = await read(Buffer.from(reversed))

    expect(reversed).not.toBe(plain)
    expect(bare(content(records))).toEqual(bare(wanted))
  })
})

describe('a file that lies about its encoding', () => {
  it('is read as windows-1251 when it declares UTF-8 and is not', async () => {
    const records = await read(iconv.encode(plain, 'win1251'))

    expect(records[0]).toMatchObject({ type: 'finding', code: 'encoding_differs' })
    expect(records[1]).toMatchObject({ type: 'header', encoding: 'windows-1251' })
    expect(content(records)).toEqual(wanted)
  })

  it('is read as UTF-8 when it declares windows-1251 and is not', async () => {
    const records = await read(Buffer.from(declared('windows-1251')))

    expect(records[0]).toMatchObject({ type: 'finding', code: 'encoding_differs' })
    expect(content(records)).toEqual(wanted)
  })

  it.each([1, 3, 4096, 65_536])(
    'is refused when it changes on its way, pieces of %i',
    async (size) => {
      const good = Buffer.from(plain)
      const at = good.indexOf('двухкамерный', 20_000)
      const bad = Buffer.concat([
        good.subarray(0, at),
        Buffer.from([0xf5, 0xe9]),
        good.subarray(at),
      ])

      await expect(read(bad, size)).rejects.toMatchObject({ code: 'xml_malformed' })
      await expect(read(bad, size)).rejects.toThrow(`a.xml: byte ${at}`)
    },
  )
})

describe('offsets are those of the file', () => {
  it.each`
    name              | bytes
    ${'utf-8'}        | ${Buffer.from(mark + plain)}
    ${'windows-1251'} | ${iconv.encode(declared('windows-1251'), 'win1251')}
    ${'utf16le'}      | ${Buffer.from(mark + declared('UTF-16'), 'utf16le')}
  `('in $name', async ({ name, bytes }: { name: string; bytes: Buffer }) => {
    const begin = iconv.encode('<Товар>', name)
    for (const size of [1, 999, 65_536]) {
      const records = await read(bytes, size)

      const products = records.filter((record) => record.type === 'product')
      expect(products).toHaveLength(12)
      for (const { offset } of products) {
        expect(bytes.subarray(offset, offset + begin.length)).toEqual(begin)
      }
    }
  })
})

it.each([1, 2, 3, 7, 64, 1000, 4096, 65_535])(
  'pieces of %i bytes give the same records',
  async (size) => {
    for (const bytes of [
      Buffer.from(plain),
      iconv.encode(declared('windows-1251'), 'win1251'),
      Buffer.from(mark + plain, 'utf16le'),
    ]) {
      const whole = await read(bytes)

      expect(await read(bytes, size)).toEqual(whole)
    }
  },
)
