import path from 'node:path'
import { commerceKinds } from './classify.ts'
import type { CommerceFile } from './classify.ts'
import type { CommerceFinding } from './records.ts'

const natural = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/**
 * The order in which files are to be read: dictionaries, goods, offers, prices, stock, customers, documents; among those
 * of one kind the earlier ДатаФормирования first, so that the newest word is the last; then by name, numbers as numbers.
 */
export const inReadingOrder = <T extends CommerceFile>(files: readonly T[]): T[] =>
  files.toSorted(
    (a, b) =>
      commerceKinds.indexOf(a.kind) - commerceKinds.indexOf(b.kind) ||
      compareText(a.formedAtIso ?? '', b.formedAtIso ?? '') ||
      natural.compare(path.basename(a.file), path.basename(b.file)) ||
      compareText(a.file, b.file),
  )

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Names of the portions that stock 1C writes: catalogue number, then portion number. */
const portion = /^(?:import|offers)(\d+)_(\d+)\.xml$/i

/**
 * Takes out what an earlier, longer run has left in a `webdata` folder: 1C overwrites the portions of a run and leaves
 * the rest there. A portion that was formed before the first import portion of its folder and catalogue is of an earlier
 * run; each one leaves a finding.
 */
export function withoutLeftovers<T extends CommerceFile>(
  files: readonly T[],
): { files: T[]; findings: CommerceFinding[] } {
  const starts = new Map<string, string>()
  for (const file of files) {
    if (/^import\d+_1\.xml$/i.test(path.basename(file.file)) && file.formedAtIso) {
      starts.set(runOf(file) ?? '', file.formedAtIso)
    }
  }
  const isLeftover = (file: T): boolean => {
    const start = starts.get(runOf(file) ?? '')
    return start !== undefined && file.formedAtIso !== undefined && file.formedAtIso < start
  }
  const findings = files.filter(isLeftover).map((file): CommerceFinding => {
    const start = starts.get(runOf(file) ?? '') ?? ''
    const message = `${file.file} was formed at ${file.formedAtIso ?? ''}, before the present run began (${start}); it is left out.`
    return { type: 'finding', code: 'run_leftover', message }
  })
  return { files: files.filter((file) => !isLeftover(file)), findings }
}

/** Folder and catalogue number of a portion; undefined for other names. */
function runOf({ file }: CommerceFile): string | undefined {
  const number = portion.exec(path.basename(file))?.[1]
  return number === undefined ? undefined : `${path.dirname(file)}\n${number}`
}
