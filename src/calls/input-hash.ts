import { hash } from 'node:crypto'

/** The same for inputs that say the same, in whatever order their fields stand. */
export const hashInput = (input: unknown): string => hash('sha256', canonicalJson(input))

/** JSON with the fields of every object in the order of their names. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_name, each: unknown) => {
      if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
      const entries = Object.entries(each)
      return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    }) ?? 'undefined'
  )
}
