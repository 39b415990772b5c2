import * as fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { expect, it } from 'vitest'
import { cleanXmlText, createXmlWriter } from './xml-writer.ts'

const head = '<?xml version="1.0" encoding="UTF-8"?>\n'

it('writes elements, attributes and indentation', () => {
  const xml = createXmlWriter({ bom: true })
  xml.begin('a', { x: '1 < "2" & 3\n', y: undefined })
  xml.leaf('b', 'Tom & <Jerry> ]]>')
  xml.leaf('c', '', { z: 'й' })
  xml.end()

  expect(xml.take()).toBe(
    `\ufeff${head}<a x="1 &lt; &quot;2&quot; &amp; 3&#10;">\n` +
      '\t<b>Tom &amp; &lt;Jerry&gt; ]]&gt;</b>\n\t<c z="й"/>\n</a>\n',
  )
})

it('leaves out elements without content, unless they are forced', () => {
  const xml = createXmlWriter({ bom: false })
  xml.begin('root')
  xml.force()
  xml.begin('empty')
  xml.begin('inner')
  xml.end()
  xml.end()
  xml.end()

  expect(xml.take()).toBe(`${head}<root>\n</root>\n`)
})

it('hands out each piece once', () => {
  const xml = createXmlWriter({ bom: false })
  xml.begin('root')
  xml.leaf('a', '1')
  const first = xml.take()
  xml.leaf('b', '2')
  xml.end()

  expect(xml.length()).toBe('\t<b>2</b>\n</root>\n'.length)
  expect(first + xml.take()).toBe(`${head}<root>\n\t<a>1</a>\n\t<b>2</b>\n</root>\n`)
})

it('writes any text so that a parser gives it back, but for what XML cannot hold', () => {
  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        '\u0000',
        '\u0008',
        '\ud800',
        '\udc00',
        '\uffff',
        '\r',
        '\n',
        '\t',
        '&',
        '<',
        ']]>',
        '"',
        '😀',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  })
  fc.assert(
    fc.property(nasty, (given) => {
      const clean = cleanXmlText(given)
      const xml = createXmlWriter({ bom: false })
      xml.begin('root')
      xml.leaf('a', clean, { b: clean })
      xml.end()
      let text = ''
      let attribute: string | undefined
      const parser = new SaxesParser()
      parser.on('opentag', ({ name, attributes }) => {
        if (name === 'a') attribute = attributes['b']
        text = ''
      })
      parser.on('text', (more) => (text += more))
      const read: string[] = []
      parser.on('closetag', ({ name }) => {
        if (name === 'a') read.push(text)
      })

      parser.write(xml.take()).close()

      expect(read).toEqual([clean])
      expect(attribute).toBe(clean)
    }),
  )
})

it('removes exactly the characters that XML 1.0 forbids', () => {
  expect(cleanXmlText('a\u0000\u000b\u001f\ufffe\uffff\ud800b\t\n\r\u0085\u{1f600}')).toBe(
    'ab\t\n\r\u0085\u{1f600}',
  )
})
