/** Figures and instants as sentences name them. */

/** `1 fault`, `2 faults`. */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`

/** `2026-11-21 13:00:00 UTC`; takes an instant in ISO 8601, UTC. */
export const utcText = (instant: string): string =>
  `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`
