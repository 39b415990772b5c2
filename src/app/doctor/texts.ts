/** Sizes, instants and paths as findings name them. */
import { counted } from '../../core/words.ts'

const units = ['B', 'KB', 'MB', 'GB', 'TB']

/** `512 B`, `70.0 MB`, in steps of 1000, as the config has them. */
export function sizeText(bytes: number): string {
  let size = bytes
  let unit = 0
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`
}

/** `2026-11-21 16:14 UTC`. */
export const instantText = (instant: Date | string): string => {
  const text = typeof instant === 'string' ? instant : instant.toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`
}

export const dayMs = 86_400_000

/** `3 days`, `5 hours`, `1 minute`. */
export function spanText(ms: number): string {
  const [size, unit] =
    ms >= 2 * dayMs
      ? [dayMs, 'day']
      : ms >= 2 * 3_600_000
        ? [3_600_000, 'hour']
        : [60_000, 'minute']
  const count = Math.max(1, Math.round(ms / size))
  return counted(count, unit)
}

/** `0644`. */
export const modeText = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0')

/** A path or a name as it stands in a shell. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
