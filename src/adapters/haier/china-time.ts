/** China has one time zone, UTC+8, and no summer time. */

const offsetMs = 8 * 3600 * 1000

/** The last second of a day (`2026-11-20`) in China, in epoch milliseconds: what YLH takes for a delivery day. */
export const endOfChinaDay = (day: string): number => Date.parse(`${day}T23:59:59+08:00`)

/** `yyyyMMddHHmmss` in China time. */
export const toChinaStamp = (at: Date): string =>
  new Date(at.getTime() + offsetMs).toISOString().replace(/\D/g, '').slice(0, 14)

/** Reads `yyyyMMddHHmmss` in China time; undefined when it is not one. */
export function readChinaStamp(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)
  if (!parts) return undefined
  const [, year, month, day, hour, minute, second] = parts
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`)
  return Number.isNaN(at.getTime()) ? undefined : at
}
