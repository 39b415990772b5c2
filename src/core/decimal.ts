/**
 * Decimal numbers as text: prices, quantities and weights never pass through binary floating point.
 * A canonical decimal has a point, no grouping, no leading plus and no trailing zeros: `-0.5`, `1719`, `0`.
 */

const groupMarks = /[\s\u00a0\u202f\u2009']/gu

/**
 * Reads a number as programs and people write it: groups of blanks, a comma or a point as the decimal mark, U+2212 as
 * minus. When both marks occur the last is the decimal one; a lone mark is the decimal one, so `1,234` is 1.234 as
 * Russian files mean it. Returns the canonical form, or undefined when the text is not a number.
 */
export function parseDecimal(text: string): string | undefined {
  let plain = text.trim().replace(groupMarks, '').replace('\u2212', '-')
  const mark = Math.max(plain.lastIndexOf('.'), plain.lastIndexOf(','))
  if (mark >= 0) {
    const whole = plain.slice(0, mark)
    if (whole.includes(plain.charAt(mark))) return undefined // 1.234.567 says nothing about its mark
    plain = `${whole.replace(/[.,]/g, '')}.${plain.slice(mark + 1)}`
  }
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(plain)
  if (!parts || (!parts[2] && !parts[3])) return undefined
  return canonical(parts[1] === '-', parts[2] ?? '', parts[3] ?? '')
}

function canonical(isNegative: boolean, whole: string, fraction: string): string {
  const head = whole.replace(/^0+/, '') || '0'
  const tail = fraction.replace(/0+$/, '')
  const isZero = head === '0' && tail === ''
  return `${isNegative && !isZero ? '-' : ''}${head}${tail && `.${tail}`}`
}

/** A canonical decimal times 10^digits as an integer, rounded half away from zero: (`12.345`, 2) is 1235. */
export function scaleDecimal(decimal: string, digits: number): bigint {
  const isNegative = decimal.startsWith('-')
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.')
  const kept = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  const rounded = Number(fraction.charAt(digits) || '0') >= 5 ? kept + 1n : kept
  return isNegative ? -rounded : rounded
}

/** The reverse of `scaleDecimal`: (1235n, 2) is `12.35`. */
export function unscaleDecimal(scaled: bigint, digits: number): string {
  const text = String(scaled < 0n ? -scaled : scaled).padStart(digits + 1, '0')
  const cut = text.length - digits
  return canonical(scaled < 0n, text.slice(0, cut), text.slice(cut))
}

/** The exact sum of canonical decimals. */
export function addDecimals(...decimals: readonly string[]): string {
  const digits = Math.max(0, ...decimals.map((decimal) => decimal.split('.')[1]?.length ?? 0))
  const sum = decimals.reduce((total, decimal) => total + scaleDecimal(decimal, digits), 0n)
  return unscaleDecimal(sum, digits)
}
