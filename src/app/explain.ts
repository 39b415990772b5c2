/** What the codes mean that errors carry and the program ends with. */
import { causes } from '../core/causes.ts'
import { CaravanError, errorCodes, exitOfKind } from '../core/errors.ts'
import { type Exit, exitCodes } from '../core/exit-codes.ts'
import {
  callCodeExplanations,
  codeExplanations,
  exitExplanations,
  type Explanation,
  failureExplanations,
  outcomeExplanations,
} from '../core/explanations.ts'
import { propose, nearest } from '../core/nearest.ts'
import { refusals } from '../core/refusals.ts'
import type { Explained } from './answers/explain.ts'

/** Every code of every group, in the order of the groups. */
export function listExplanations(): Explained[] {
  return [
    ...rowsOf('error', codeExplanations, (code) => errorCodes[code]),
    ...rowsOf('call', failureExplanations, (kind) => exitOfKind[kind]),
    ...rowsOf('call', callCodeExplanations, (code) => exitOfKind[callCodeExplanations[code].kind]),
    ...rowsOf('outcome', outcomeExplanations, (outcome) =>
      outcome === 'unknown' ? 'unsettled' : undefined,
    ),
    ...Object.entries(causes).map(([code, { exit, says, next }]): Explained => {
      return { code, group: 'test', exit: exitCodes[exit].code, cause: says, next }
    }),
    ...Object.entries(refusals).map(([code, { status, meaning, next }]): Explained => {
      return { code, group: 'api', exit: null, cause: `HTTP ${status}: ${meaning}.`, next }
    }),
    ...Object.entries(exitExplanations).map(([name, { cause, next }]): Explained => {
      const { code } = exitCodes[name as Exit]
      return { code: String(code), group: 'exit', exit: code, cause, next }
    }),
  ]
}

/** Of several codes in the brackets of an error, that of the first group says most: `(unavailable, service_disabled)`. */
const says: readonly Explained['group'][] = ['error', 'test', 'call', 'outcome', 'api', 'exit']

/**
 * What a text names: a code in any case, what stands in the brackets of an error, or the number of an exit code, which is
 * followed by every code that leads to it. Some codes mean one thing in an error and another in a test. Throws
 * `code_unknown` with the nearest right word.
 */
export function explain(text: string): Explained[] {
  const all = listExplanations()
  const words = text
    .toLowerCase()
    .replaceAll('-', '_')
    .split(/[^a-z0-9_]+/)
    .filter(Boolean)
  const named = all.filter(({ code }) => words.includes(code))
  const [told] = named.toSorted((a, b) => says.indexOf(a.group) - says.indexOf(b.group))
  if (!told) throw unknown(text, words, all)
  if (told.group !== 'exit') return named.filter(({ code }) => code === told.code)
  return [told, ...all.filter(({ group, exit }) => group !== 'exit' && exit === told.exit)]
}

/**
 * What words name, each for itself when they are plain codes; else they are one text, pasted from an error. `unknown`: the
 * error for those that nothing has, to be told beside the others. Throws it when there are no others.
 */
export function explainAll(words: readonly string[]): {
  rows: Explained[]
  unknown?: CaravanError
} {
  if (!words.every((word) => /^[\w-]+$/.test(word))) return { rows: explain(words.join(' ')) }
  const rows: Explained[] = []
  const strange: string[] = []
  for (const word of words) {
    try {
      rows.push(...explain(word))
    } catch {
      strange.push(word)
    }
  }
  const error =
    strange.length > 0 ? unknown(strange.join(', '), strange, listExplanations()) : undefined
  if (error && rows.length === 0) throw error
  const isFirst = (row: Explained, index: number) =>
    rows.findIndex(({ group, code }) => group === row.group && code === row.code) === index
  return { rows: rows.filter(isFirst), unknown: error }
}

function unknown(text: string, words: readonly string[], all: readonly Explained[]): CaravanError {
  const codes = all.filter(({ group }) => group !== 'exit').map(({ code }) => code)
  const near = words.map((word) => nearest(word, codes)).find(Boolean)
  return new CaravanError({
    code: 'code_unknown',
    message: `there is no code ${text}`,
    hint: near
      ? propose(near, '"caravan explain" lists them.')
      : '"caravan explain" lists those of caravan. Any other in the brackets of an error is the vendor\'s own: ' +
        'its words stand in "caravan logs show", and "caravan adapters" names the pages of the vendor.',
  })
}

const rowsOf = <Code extends string>(
  group: Explained['group'],
  rows: Readonly<Record<Code, Explanation>>,
  exitOf: (code: Code) => Exit | undefined,
): Explained[] =>
  Object.entries<Explanation>(rows).map(([code, { cause, next }]) => {
    const exit = exitOf(code as Code)
    return { code, group, exit: exit === undefined ? null : exitCodes[exit].code, cause, next }
  })
