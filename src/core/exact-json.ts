/**
 * JSON whose whole numbers are beyond what a number holds (2^53): those become text, digit by digit as the vendor sent
 * them, instead of losing their last digits. Undefined when the text is not JSON.
 */
export function parseExact(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits)
  } catch {
    return undefined
  }
}

/** TypeScript does not know the third argument yet; Node has it since version 21. */
function keepDigits(_key: string, value: unknown, ...rest: unknown[]): unknown {
  const { source } = (rest[0] ?? {}) as { source?: string }
  const isWhole = typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source)
  return isWhole && !Number.isSafeInteger(value) ? source : value
}

/** The same of bytes that came in a request: ids of receipts are as large as those of answers. */
export const jsonOf = (body: Buffer): unknown => parseExact(body.toString())
