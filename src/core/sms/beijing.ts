/** Times of the Chinese vendors. China has one zone, UTC+8, and no summer time. */

const offsetMs = 8 * 3_600_000
const dayMs = 86_400_000

const shown = (at: Date): string => new Date(at.getTime() + offsetMs).toISOString()

/** `yyyyMMdd`. */
export const beijingDay = (at: Date): string => shown(at).slice(0, 10).replaceAll('-', '')

/** `yyyyMMddHH`. */
export const beijingHour = (at: Date): string => beijingDay(at) + shown(at).slice(11, 13)

/** `yyyy-MM-dd HH:mm:ss`. */
export const beijingTime = (at: Date): string => shown(at).slice(0, 19).replace('T', ' ')

/** Reads `yyyy-MM-dd HH:mm:ss`; undefined when it is not one. */
export function readBeijingTime(text: string | undefined): Date | undefined {
  if (!text || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return undefined
  const at = new Date(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(at.getTime()) ? undefined : at
}

/** When a daily quota begins anew. */
export const nextBeijingMidnight = (now: Date): Date =>
  new Date((Math.floor((now.getTime() + offsetMs) / dayMs) + 1) * dayMs - offsetMs)
