/** Instants, spans and sizes as alerts name them. */
export { instantText, sizeText, spanText } from '../doctor/texts.ts'

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** A span as the config has it: `15 min`, `1 h`, `14 d`. */
export function formatSpan(ms: number): string {
  const unit = units.find(([size]) => ms >= size && ms % size === 0)
  return unit ? `${ms / unit[0]} ${unit[1]}` : `${ms} ms`
}
