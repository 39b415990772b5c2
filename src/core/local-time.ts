/** Times without a zone, as programs write the clock of their own server. */

/**
 * The instant of a local time `yyyy-MM-ddTHH:mm:ss` in an IANA zone, as ISO 8601 UTC. One that has an offset already is
 * only put into UTC. Of a time the clock showed twice the first one is meant; one that it skipped is moved on. A bare
 * date stays a date. Undefined when the text is neither.
 */
export function localToInstant(local: string, timeZone: string): string | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(local)) return local
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(local)) return undefined
  if (/(?:Z|[+-]\d{2}:?\d{2})$/.test(local)) return instant(Date.parse(local))
  const asUtc = Date.parse(`${local}Z`)
  if (Number.isNaN(asUtc)) return undefined
  // The offset before the wanted time decides first, the one after it where the clock was changed in between.
  const early = asUtc - offsetMs(asUtc - dayMs, timeZone)
  if (early + offsetMs(early, timeZone) === asUtc) return instant(early)
  const late = asUtc - offsetMs(asUtc + dayMs, timeZone)
  return instant(late + offsetMs(late, timeZone) === asUtc ? late : early)
}

const dayMs = 86_400_000

const instant = (ms: number): string | undefined =>
  Number.isNaN(ms) ? undefined : new Date(ms).toISOString()

const formats = new Map<string, Intl.DateTimeFormat>()

/** What the zone's clock is ahead of UTC at an instant, in milliseconds. */
export function offsetMs(ms: number, timeZone: string): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  formats.set(timeZone, format)
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]))
  const shown = Date.UTC(
    Number(parts['year']),
    Number(parts['month']) - 1,
    Number(parts['day']),
    Number(parts['hour']),
    Number(parts['minute']),
    Number(parts['second']),
  )
  return shown - Math.floor(ms / 1000) * 1000
}
