/** Values as they stand in a text column. `undefined` is kept as no value at all. */
export const toJson = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value)

/** What `toJson` wrote; the caller says what it was. */
export const fromJson = <T>(text: string | null): T | undefined =>
  text === null ? undefined : (JSON.parse(text) as T)

/**
 * Text that fits into `maxBytes` of UTF-8, cut between characters, with a note of how long it was. NUL characters are
 * dropped: PostgreSQL does not take them.
 */
export function cutText(text: string, maxBytes = 16_384): string {
  const clean = text.includes('\0') ? text.replaceAll('\0', '') : text
  if (clean.length * 3 <= maxBytes) return clean
  const bytes = Buffer.from(clean)
  if (bytes.length <= maxBytes) return clean
  const note = `… (cut, ${bytes.length} bytes in all)`
  let end = maxBytes - Buffer.byteLength(note)
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end) + note
}
