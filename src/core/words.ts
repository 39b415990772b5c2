/** Figures and instants as sentences name them. */

/** `1 fault`, `2 faults`. */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`

/** Whether a text has anything but blanks in it. */
export const isNotBlank = (text: string): boolean => text.trim() !== ''

/** `text "Your order is on its…" (120 characters)`. */
export function quoted(name: string, text: string): string {
  const line = text.trim().replaceAll(/[\s\p{Cc}]+/gu, ' ')
  const letters = [...line]
  const begin = letters.length > 60 ? `${letters.slice(0, 60).join('')}…` : line
  return `${name} "${begin}" (${counted([...text].length, 'character')})`
}

/** `2026-11-21 13:00:00 UTC`; takes an instant in ISO 8601, UTC. */
export const utcText = (instant: string): string =>
  `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`

const durations = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** Milliseconds as the file writes them: `30s`. */
export function durationText(ms: number): string {
  const fit = durations.find(([, unit]) => ms >= unit && ms % unit === 0)
  return fit ? `${ms / fit[1]}${fit[0]}` : `${ms}ms`
}
