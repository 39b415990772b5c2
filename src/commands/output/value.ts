/** A value of a file or a record as text; `none` stands for one that is not there. */
export function formatValue(value: unknown, none = '(none)'): string {
  if (value === null || value === undefined) return none
  return typeof value === 'string' ? value : JSON.stringify(value)
}
