const shape =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/

/**
 * A day, which is its first instant, or a day and a time, as ISO 8601 writes them. `zone`: of what names none itself; a
 * time that is not the operator's own must name one. Undefined for anything else, and for what no calendar has.
 */
export function parseInstant(text: string, zone: 'UTC' | 'local'): Date | undefined {
  const [, day, time, offset] = shape.exec(text) ?? []
  if (day === undefined || !isRealDay(day)) return undefined
  if (zone === 'UTC' && time && !offset) return undefined
  const at = new Date(`${day}T${time ?? '00:00'}${offset ?? (zone === 'UTC' ? 'Z' : '')}`)
  return Number.isNaN(at.getTime()) ? undefined : at
}

/** Date takes 30 February for 2 March. */
function isRealDay(text: string): boolean {
  const day = new Date(`${text}T00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
