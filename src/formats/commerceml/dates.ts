const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/
const russian = /^(\d{2})\.(\d{2})\.(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/

/**
 * A date or an instant in the forms that exchange files have, as `yyyy-MM-dd` or `yyyy-MM-ddTHH:mm:ss`, with the offset
 * when there is one. An hour of one digit is read. Undefined for anything else; null for the empty date of 1C,
 * 0001-01-01, which means no date.
 */
export function isoOf(raw: string): string | null | undefined {
  const text = raw.trim()
  const parts = iso.exec(text)
  if (parts) {
    const [, year, month, day, hour, minute, second, offset] = parts
    return build([year, month, day], [hour, minute, second], offset)
  }
  const local = russian.exec(text)
  if (!local) return undefined
  const [, day, month, year, hour, minute, second] = local
  return build([year, month, day], [hour, minute, second], undefined)
}

type Parts = [string | undefined, string | undefined, string | undefined]

function build(date: Parts, time: Parts, offset: string | undefined): string | null | undefined {
  const [year, month, day] = date.map(Number)
  if (year === 1 && month === 1 && day === 1) return null
  if (!year || !month || !day || month > 12 || day > daysIn(year, month)) return undefined
  const plain = date.join('-')
  const [hour, minute, second = '00'] = time
  if (hour === undefined || minute === undefined) return plain
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  return `${plain}T${hour.padStart(2, '0')}:${minute}:${second}${offset ?? ''}`
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** A date and a time of day that stand in two elements, as one instant without a zone. */
export function isoOfParts(date: string | undefined, time: string | undefined): string | undefined {
  if (!date) return undefined
  const whole = isoOf(date)
  if (!whole) return undefined
  if (!time || whole.includes('T')) return whole
  const instant = /^\d/.test(time) ? isoOf(`${whole} ${time}`) : undefined
  return instant ?? isoOf(time) ?? whole
}
