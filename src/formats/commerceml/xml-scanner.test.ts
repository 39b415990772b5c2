import * as fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { defaultLimits } from './limits.ts'
import type { CommerceLimits } from './limits.ts'
import { XmlScanner } from './xml-scanner.ts'

type Event = ['open', string, Record<string, string>] | ['text', string] | ['close']

/** What our scanner says about a text fed in pieces of a size. */
function scan(text: string, size = text.length, limits: Partial<CommerceLimits> = {}): Event[] {
  const events: Event[] = []
  const path: string[] = []
  const scanner = new XmlScanner(
    {
      open: (name, attributes) => {
        path.push(name)
        events.push(['open', name, { ...attributes }])
      },
      text: (piece) => addText(events, piece),
      close: () => {
        path.pop()
        events.push(['close'])
      },
      path: () => path.join('/'),
    },
    {
      file: 'a.xml',
      limits: { ...defaultLimits, ...limits },
      byteLength: (piece) => Buffer.byteLength(piece),
      startsAt: 0,
    },
  )
  for (let from = 0; from < text.length; from += size) scanner.write(text.slice(from, from + size))
  scanner.end()
  return withoutBlanks(events)
}

/** What saxes says about it: the reference. */
function scanWithSaxes(text: string): Event[] {
  const events: Event[] = []
  const parser = new SaxesParser({ xmlns: false })
  parser.on('error', (error) => {
    throw error
  })
  parser.on('doctype', () => {
    throw new Error('doctype')
  })
  parser.on('opentag', ({ name, attributes }) =>
    events.push(['open', name, { ...(attributes as Record<string, string>) }]),
  )
  parser.on('text', (piece) => addText(events, piece))
  parser.on('cdata', (piece) => addText(events, piece))
  parser.on('closetag', () => events.push(['close']))
  parser.write(text).close()
  return withoutBlanks(events)
}

function addText(events: Event[], piece: string): void {
  const last = events.at(-1)
  if (last?.[0] === 'text') last[1] += piece
  else if (piece !== '') events.push(['text', piece])
}

const withoutBlanks = (events: Event[]): Event[] =>
  events.filter((event) => event[0] !== 'text' || !/^[ \t\r\n]*$/.test(event[1]))

const outcome = (run: () => Event[]): Event[] | 'refused' => {
  try {
    return run()
  } catch {
    return 'refused'
  }
}

const name = fc.constantFrom(
  'Ид',
  'Товар',
  'ЗначенияСвойств',
  'ЗначенияСвойства',
  'a',
  'b-1',
  'x_y.z',
)
const piece = fc.oneof(
  fc.constantFrom(
    '  ',
    '\r\n\t',
    'шт',
    '&amp;lt;',
    '&#1078;',
    '&#x416;',
    '&lt;b&gt;',
    'x ] y',
    '\r',
    '🙂',
  ),
  fc.constantFrom('<![CDATA[a<b]]>', '<!-- a -->', '<?pi data?>', ']]', '"', "'", '>', '&quot;'),
  fc.string({ unit: fc.constantFrom('а', 'Я', '1', ' ', '\n', '.', '=') }),
)
const attribute = fc.tuple(name, fc.constantFrom('1', 'a&amp;b', '', 'я "', "it's", ' \t\r\n', '>'))
const attributes = fc
  .uniqueArray(attribute, { selector: ([key]) => key, maxLength: 3 })
  .map((list) =>
    list
      .map(([key, value]) => ` ${key}=${value.includes('"') ? `'${value}'` : `"${value}"`}`)
      .join(''),
  )
const element: fc.Arbitrary<string> = fc.letrec<{ element: string; content: string }>((tie) => ({
  element: fc
    .tuple(name, attributes, fc.boolean(), tie('content'))
    .map(([tag, attrs, isEmpty, content]) =>
      isEmpty ? `<${tag}${attrs}/>` : `<${tag}${attrs}>${content}</${tag}>`,
    ),
  content: fc
    .array(fc.oneof({ maxDepth: 5 }, piece, tie('element')), { maxLength: 6 })
    .map((all) => all.join('')),
})).element
const document = fc
  .tuple(
    fc.constantFrom('', '<?xml version="1.0" encoding="UTF-8"?>\r\n', '<!-- x -->'),
    element,
    fc.constantFrom('', '\n', '<!--e-->'),
  )
  .map((parts) => parts.join(''))

describe('the scanner and saxes agree', () => {
  it('about well-formed documents, in pieces of any size', () => {
    fc.assert(
      fc.property(document, fc.integer({ min: 1, max: 40 }), (text, size) => {
        expect(outcome(() => scan(text, size))).toEqual(outcome(() => scanWithSaxes(text)))
      }),
      { numRuns: 1000 },
    )
  })

  it('about damaged documents', () => {
    const damage = fc.tuple(
      fc.nat(),
      fc.nat(3),
      fc.constantFrom(
        '',
        '<',
        '>',
        '&',
        '/',
        '"',
        "'",
        '=',
        ' ',
        ']]>',
        '\u0001',
        '\ufffe',
        '<!',
        '<?',
        '-->',
        '--',
        ';',
        'я',
        '1',
        '&#0;',
        '&nbsp;',
        '&#x110000;',
        '<!DOCTYPE a>',
        '</',
        '/>',
        '<?xml version="1.0"?>',
        'x="1"',
      ),
    )
    fc.assert(
      fc.property(
        document,
        fc.array(damage, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 1, max: 30 }),
        (text, places, size) => {
          const damaged = places.reduce((whole, [at, cut, extra]) => {
            const characters = Array.from(whole) // never half a surrogate pair: no decoder gives one
            characters.splice(at % (characters.length + 1), cut, extra)
            return characters.join('')
          }, text)
          expect(outcome(() => scan(damaged, size))).toEqual(outcome(() => scanWithSaxes(damaged)))
        },
      ),
      { numRuns: 5000 },
    )
  })
})

it('drops prefixes of names, but not those of namespace declarations', () => {
  const events = scan('<c:a xmlns:c="urn:x" c:b="1"><c:d/></c:a>')

  expect(events).toEqual([
    ['open', 'a', { 'xmlns:c': 'urn:x', b: '1' }],
    ['open', 'd', {}],
    ['close'],
    ['close'],
  ])
})

it.each`
  text                                    | offset | what
  ${'<й>&nbsp;</й>'}                      | ${4}   | ${'"&nbsp;"'}
  ${'<й>\r\n&lt;\r\nR&D</й>'}             | ${13}  | ${'bare "&"'}
  ${'<й><b>я</c></й>'}                    | ${9}   | ${'<b> is closed by </c>'}
  ${'<й a="1" a="2"/>'}                   | ${10}  | ${'a stands twice'}
  ${'<!DOCTYPE й [<!ENTITY a "b">]><й/>'} | ${0}   | ${'document type definitions'}
  ${'<й>я\u0001</й>'}                     | ${6}   | ${'U+0001'}
  ${'<й/><b/>'}                           | ${5}   | ${'second root'}
  ${'<й/>text'}                           | ${5}   | ${'outside of the root'}
  ${'<й>яя'}                              | ${8}   | ${'cut off'}
  ${'<й><b'}                              | ${6}   | ${'cut off'}
  ${'<й>a ]]> b</й>'}                     | ${6}   | ${'"]]>"'}
  ${''}                                   | ${0}   | ${'empty'}
  ${'failure\nОшибка'}                    | ${0}   | ${'outside of the root'}
  ${'<not valid xml!!!\n<й/>'}            | ${4}   | ${'not well-formed'}
`(
  '$text fails at byte $offset',
  ({ text, offset, what }: { text: string; offset: number; what: string }) => {
    for (const size of [1, 7, 1000]) {
      const error = caught(() => scan(text, size))

      expect(error).toMatchObject({ code: 'xml_malformed' })
      expect(error.message).toContain(`a.xml: byte ${offset}`)
      expect(error.message).toContain(what)
    }
  },
)

it('names the open element', () => {
  const error = caught(() => scan('<a><b><c>&x;</c></b></a>'))

  expect(error.message).toContain('in a/b/c:')
})

it.each`
  text                                                                    | limits                 | what
  ${`${'<a>'.repeat(20)}${'</a>'.repeat(20)}`}                            | ${{ depth: 19 }}       | ${'19 deep'}
  ${`<a>${'x'.repeat(200)}</a>`}                                          | ${{ tokenChars: 100 }} | ${'100 characters'}
  ${`<a><!-- ${'x'.repeat(200)} --></a>`}                                 | ${{ tokenChars: 100 }} | ${'100 characters'}
  ${`<a ${Array.from({ length: 9 }, (_, i) => `a${i}="1"`).join(' ')}/>`} | ${{ attributes: 8 }}   | ${'8 attributes'}
  ${'<a><b/><c/><d/></a>'}                                                | ${{ names: 3 }}        | ${'3 names'}
`(
  '$what is a limit',
  ({ text, limits, what }: { text: string; limits: Partial<CommerceLimits>; what: string }) => {
    const error = caught(() => scan(text, 10, limits))

    expect(error).toMatchObject({ code: 'xml_limit' })
    expect(error.message).toContain(what)
  },
)

it('is not led astray by names that objects have of their own', () => {
  const events = scan('<a><__proto__ __proto__="1">x</__proto__><constructor>y</constructor></a>')

  expect(events.filter(([kind]) => kind === 'open').map((event) => event[1])).toEqual([
    'a',
    '__proto__',
    'constructor',
  ])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

function caught(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
