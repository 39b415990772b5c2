import { nearest } from './nearest.ts'

/** An IANA zone that this Node knows. Offsets such as +08:00 are refused: they know nothing of summer time. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }))
  } catch {
    return false
  }
}

/** The zone that was probably meant: by its city, or by its letters. Undefined when none is close. */
export function nearestTimeZone(text: string): string | undefined {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')]
  const city = text.trim().toLowerCase().replaceAll(' ', '_').split('/').at(-1)
  const cityOf = (zone: string): string => zone.split('/').at(-1) ?? zone
  const named = zones.find((zone) => cityOf(zone).toLowerCase() === city) ?? nearest(text, zones)
  if (named !== undefined || city === undefined) return named
  const close = nearest(city, zones.map(cityOf))
  return zones.find((zone) => cityOf(zone) === close)
}
