import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { addService, deleteIn, removeService, setIn } from './edit.ts'
import { parseConfig } from './document.ts'

/*
 * Documents are written line by line, each line marked with the entry it belongs to, so that the test knows without any
 * YAML library which lines an edit may touch.
 */
type Line = { text: string; owner: string }
type Doc = { text: string; lines: Line[]; names: string[]; eol: string }

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,3})?$/)
const words = fc.constantFrom('note', "it's: [odd]", 'a # b', '{ x: 1 }', 'Привет 海尔', '- item')
const scalar = fc.constantFrom(
  'plain text',
  '"8800633175"',
  "'it''s quoted'",
  '${HAIER_CLIENT_ID}',
  '${secret:haier.password}',
  '"${A:-b # c}"',
  '42',
  'true',
  '"line\\nbreak"',
  '[a, "b, c"]',
  '{ attempts: 3 }',
  '{ a: { b: [1, 2] }, c: "}" }',
  '',
)
const blockScalar = fc.constantFrom(
  ['|', 'first', '  deeper', 'last'],
  ['>-', 'folded', 'text'],
  ['|', 'with', '', 'blank # no comment'],
)
const tail = fc.constantFrom('', '', ' # why', '  #odd')
const filler = fc.array(
  fc.oneof(
    fc.constant(''),
    words.map((text) => `# ${text}`),
  ),
  { maxLength: 2 },
)

const field = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('scalar' as const), key: name, scalar, tail }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('block' as const), key: name, block: blockScalar }),
  },
)
const service = fc.record({
  name,
  before: filler,
  inside: filler,
  flow: fc.boolean(),
  tail,
  fields: fc.uniqueArray(field, { selector: ({ key }) => key, minLength: 1, maxLength: 4 }),
  config: fc.uniqueArray(field, { selector: ({ key }) => key, maxLength: 3 }),
})

const doc: fc.Arbitrary<Doc> = fc
  .record({
    services: fc.uniqueArray(service, {
      selector: ({ name: each }) => each,
      minLength: 1,
      maxLength: 4,
    }),
    indent: fc.constantFrom(2, 4, 3),
    eol: fc.constantFrom('\n', '\n', '\r\n'),
    bom: fc.boolean(),
    lastEol: fc.boolean(),
    top: filler,
    end: filler,
    jobs: fc.boolean(),
  })
  .map(({ services, indent, eol, bom, lastEol, top, end, jobs }) => {
    const lines: Line[] = []
    const put = (depth: number, text: string, owner: string) =>
      lines.push({ text: text ? ' '.repeat(depth * indent) + text : '', owner })
    for (const text of top) put(0, text, '')
    put(0, 'version: 1 # the first', '')
    put(0, 'services:', '')
    for (const each of services) {
      for (const text of each.before) put(1, text, '')
      if (each.flow) {
        put(
          1,
          `${each.name}: { adapter: x, enabled: false, config: { a: "\${B}" } }${each.tail}`,
          each.name,
        )
        continue
      }
      put(1, `${each.name}:${each.tail}`, each.name)
      putFields(
        2,
        each.fields.filter(({ key }) => key !== 'config' && key !== 'adapter'),
        each.name,
      )
      for (const text of each.inside) put(2, text, each.name)
      put(2, 'adapter: x', each.name)
      if (each.config.length) {
        put(2, 'config:', each.name)
        putFields(3, each.config, each.name)
      }
    }
    for (const text of end) put(0, text, '')
    if (jobs) put(0, 'jobs: { nightly: { schedule: "0 3 * * *" } }   # flow', '')
    return {
      text: (bom ? '\uFEFF' : '') + lines.map(({ text }) => text).join(eol) + (lastEol ? eol : ''),
      lines,
      names: services.map((each) => each.name),
      eol,
    }

    function putFields(depth: number, fields: (typeof services)[number]['fields'], owner: string) {
      for (const each of fields) {
        if (each.type === 'scalar')
          put(depth, `${each.key}: ${each.scalar}${each.tail}`.trimEnd(), owner)
        else {
          put(depth, `${each.key}: ${each.block[0]}`, owner)
          for (const text of each.block.slice(1)) put(depth + 1, text, owner)
        }
      }
    }
  })

const treeOf = (text: string) =>
  parseConfig(text, 'test.yaml').tree as { services: Record<string, unknown> }
const foreign = ({ lines }: Doc, owner: string) =>
  lines.filter((line) => line.owner !== owner).map(({ text }) => text)
const cut = (text: string, eol: string) => text.replace('\uFEFF', '').split(eol)

/** Whether the lines stand in the text in this order, every byte of them. */
function standIn(lines: string[], text: string[]): boolean {
  let at = 0
  for (const line of lines) {
    const found = text.indexOf(line, at)
    if (found < 0) return false
    at = found + 1
  }
  return true
}

const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    'text',
    '',
    '8800',
    'true',
    ' spaced ',
    '${X:-y, z}',
    'a: b # c',
    "it's",
    'two\nlines',
    '- x',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('__proto__')),
  fc.integer(),
  fc.boolean(),
  fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
  fc.dictionary(name, fc.string({ maxLength: 6 }), { maxKeys: 3, noNullPrototype: true }),
)
const entry = fc.record({
  adapter: fc.constantFrom('haier', 'tencent-sms'),
  config: fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }),
})
const runs = { numRuns: 400 }

it('adds a service: nothing else changes, and removing it gives the same bytes', () => {
  fc.assert(
    fc.property(doc, entry, (file, added) => {
      const edited = addService(file.text, 'added-service', added)

      expect(treeOf(edited)).toEqual({
        ...treeOf(file.text),
        services: { ...treeOf(file.text).services, 'added-service': added },
      })
      expect(standIn(cut(file.text, file.eol), cut(edited, file.eol))).toBe(true)
      expect(removeService(edited, 'added-service')).toBe(file.text)
    }),
    runs,
  )
})

it('removes a service: every line of the others stays', () => {
  fc.assert(
    fc.property(doc, fc.nat(), (file, pick) => {
      const gone = file.names[pick % file.names.length]!

      const edited = removeService(file.text, gone)

      const { [gone]: _, ...others } = treeOf(file.text).services
      const left = treeOf(edited)
      expect({ ...left, services: left.services ?? {} }).toEqual({
        ...treeOf(file.text),
        services: others,
      })
      const kept = foreign(file, gone)
      expect(standIn(kept, cut(edited, file.eol))).toBe(true)
    }),
    runs,
  )
})

it('sets any value anywhere: the rest reads the same and foreign lines stay', () => {
  fc.assert(
    fc.property(
      doc,
      fc.nat(),
      fc.constantFrom('adapter', 'enabled', 'config', 'fresh'),
      value,
      (file, pick, key, set) => {
        const owner = file.names[pick % file.names.length]!

        const edited = setIn(file.text, ['services', owner, key], set)

        const before = treeOf(file.text)
        const changed = { ...(before.services[owner] as object), [key]: set }
        expect(treeOf(edited)).toEqual({
          ...before,
          services: { ...before.services, [owner]: changed },
        })
        expect(standIn(foreign(file, owner), cut(edited, file.eol))).toBe(true)
        expect(edited.startsWith('\uFEFF')).toBe(file.text.startsWith('\uFEFF'))
      },
    ),
    runs,
  )
})

it('deletes a field and leaves all other lines', () => {
  fc.assert(
    fc.property(doc, fc.nat(), fc.nat(), (file, pick, pickField) => {
      const owner = file.names[pick % file.names.length]!
      const before = treeOf(file.text).services[owner] as Record<string, unknown>
      const key = Object.keys(before)[pickField % Object.keys(before).length]!

      const edited = deleteIn(file.text, ['services', owner, key])

      const { [key]: _, ...rest } = before
      expect(treeOf(edited).services[owner]).toEqual(rest)
      expect(standIn(foreign(file, owner), cut(edited, file.eol))).toBe(true)
    }),
    runs,
  )
})
