import { basename } from 'node:path'
import { nearest } from '../core/nearest.ts'

export type Path = readonly (string | number)[]

/** One thing that is wrong with the file. */
export type ConfigFault = {
  path: Path
  /** Both count from 1. */
  line: number
  column: number
  message: string
  hint?: string
  /** `unset`: a placeholder without a value. It concerns its service or job alone; all else concerns the file. */
  kind: 'invalid' | 'unset'
}

/** Takes a fault found at a path; whoever gives it knows the place in the file. */
export type AddFault = (
  path: Path,
  message: string,
  rest?: { part?: 'key' | 'value'; kind?: ConfigFault['kind']; hint?: string },
) => void

export const pathText = (path: Path): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index ? `.${step}` : step))
    .join('')

/** One line for each fault, in the order of the file; a hint stands indented below its fault. */
export const formatFaults = (file: string, faults: readonly ConfigFault[]): string =>
  inFileOrder(faults)
    .map(({ path, line, column, message, hint }) => {
      const where = `${basename(file)}:${line}:${column}`
      const what = path.length ? `${pathText(path)}: ${message}` : message
      return `${where}  ${what}${hint ? `\n  ${hint}` : ''}`
    })
    .join('\n')

export const inFileOrder = (faults: readonly ConfigFault[]): ConfigFault[] =>
  faults.toSorted((a, b) => a.line - b.line || a.column - b.column)

/** `; did you mean X?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const found = nearest(word, known)
  return found === undefined ? '' : `; did you mean ${found}?`
}
