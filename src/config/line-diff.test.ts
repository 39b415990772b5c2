import fc from 'fast-check'
import { expect, it } from 'vitest'
import { diffLines, unifiedDiff } from './line-diff.ts'
import { summarize, treeChanges } from './tree-diff.ts'

const seed = Number(process.env.CARAVAN_SEED ?? Date.now() % 1_000_000)

it(`holds both texts, and no more lines than it must (seed ${seed})`, () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', '  d: 1', ''), { maxLength: 12 })
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const text = (all: string[]) => all.map((line) => `${line}\n`).join('')

      const diff = diffLines(text(a), text(b))

      const side = (other: string) =>
        diff.filter(({ sign }) => sign !== other).map((line) => line.text)
      expect(side('+')).toEqual(a)
      expect(side('-')).toEqual(b)
      expect(diff.filter(({ sign }) => sign === ' ')).toHaveLength(longestCommon(a, b))
    }),
    { seed },
  )
})

/** The slow way that cannot be wrong. */
function longestCommon(a: string[], b: string[]): number {
  const table: Record<string, number> = {}
  const longest = (i: number, j: number): number => {
    if (i === a.length || j === b.length) return 0
    return (table[`${i} ${j}`] ??=
      a[i] === b[j] ? 1 + longest(i + 1, j + 1) : Math.max(longest(i + 1, j), longest(i, j + 1)))
  }
  return longest(0, 0)
}

it('shows hunks as diff -u does', () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join('')
  const after = before.replace('line 3\n', 'line three\n').replace('line 18\n', '')

  expect(unifiedDiff(before, after)).toEqual([
    '@@ -1,6 +1,6 @@',
    ' line 1',
    ' line 2',
    '-line 3',
    '+line three',
    ' line 4',
    ' line 5',
    ' line 6',
    '@@ -15,6 +15,5 @@',
    ' line 15',
    ' line 16',
    ' line 17',
    '-line 18',
    ' line 19',
    ' line 20',
  ])
  expect(unifiedDiff(before, before)).toEqual([])
  expect(unifiedDiff('', 'a\n')).toEqual(['@@ -0,0 +1 @@', '+a'])
})

it('tells a last line without its end, and other line ends', () => {
  expect(unifiedDiff('a\n', 'a').slice(1)).toEqual([' a', '+\\ No line end at the end of the file'])
  expect(unifiedDiff('a\nb\n', 'a\r\nb\n').slice(1)).toEqual(['-a', '+a\\r', ' b'])
})

it('gives up the shortest form for two long files that share nothing', () => {
  const text = (letter: string) => `${letter}\n`.repeat(4000)

  expect(diffLines(text('a'), text('b'))).toHaveLength(8000)
})

it('names what changed as data', () => {
  const before = {
    version: 1,
    services: { a: { adapter: 'x', timeout: '1s' }, b: { adapter: 'x' } },
    jobs: null,
  }
  const after = {
    version: 1,
    services: { a: { adapter: 'x', timeout: '2s', retry: { attempts: 1 } }, c: { adapter: 'x' } },
    jobs: {},
  }

  const changes = treeChanges(before, after)

  expect(changes).toEqual([
    { path: 'services.a.timeout', change: 'changed', before: '1s', after: '2s' },
    { path: 'services.a.retry', change: 'added', before: undefined, after: { attempts: 1 } },
    { path: 'services.c', change: 'added', before: undefined, after: { adapter: 'x' } },
    { path: 'services.b', change: 'removed', before: { adapter: 'x' }, after: undefined },
  ])
  expect(summarize(changes)).toBe(
    'services.a.timeout changed, services.a.retry added, services.c added, services.b removed',
  )
  expect(summarize([])).toBe('comments or spacing alone')
})
