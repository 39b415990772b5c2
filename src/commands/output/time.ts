/** Instants and spans as people read them. Intl is not used here: it would add a third to the start-up time. */

const two = (value: number): string => String(value).padStart(2, '0')

/** `2026-11-21 16:14:12 +08:00`, in the local zone, or with `UTC` behind it. Empty for no instant. */
export function formatInstant(instant: string | null | undefined, isUtc: boolean): string {
  if (!instant) return ''
  const date = new Date(instant)
  if (isUtc) return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day} ${time} ${zoneOf(date)}`
}

function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  if (minutes === 0) return 'UTC'
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** `11-21 16:14:12`, for narrow tables; the zone is the one that wide ones name. */
export const formatShortInstant = (instant: string | null | undefined, isUtc: boolean): string =>
  formatInstant(instant, isUtc).slice(5, 19)

/** The first letters of an id: enough to find it by, as every command that takes an id does. */
export const shortId = (id: string): string => id.slice(0, 16)

/** `850 ms`, `4.2 s`, `3 min 20 s`, `5 h 02 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${two(Math.floor(seconds % 60))} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48
    ? `${hours} h ${two(minutes % 60)} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** `3 min ago`; empty for no instant. */
export function formatAge(instant: string | null | undefined, now: Date): string {
  return instant ? `${formatDuration(Math.max(0, now.getTime() - Date.parse(instant)))} ago` : ''
}
