import { formatInstant } from './time.ts'

type Why = {
  state: string
  why: string | null
  switched_by: string | null
  switched_at: string | null
  reason: string | null
  until: string | null
}

/** Why a service is not enabled: `switched off by anna 2026-11-20 14:02 UTC: wrong prices, until 16:02`. */
export function describeWhy(row: Why, isUtc: boolean): string {
  if (!row.switched_by) return row.why ?? ''
  const at = minute(row.switched_at, isUtc)
  const zone = formatInstant(row.switched_at, isUtc).slice(19)
  const head = `switched off by ${row.switched_by} ${at}${zone}${row.reason ? `: ${row.reason}` : ''}`
  return `${faultOf(row)}${head}${untilOf(row, isUtc)}`
}

/** The same for a narrow terminal: what may be cut off stands last. */
export function describeWhyBriefly(row: Why, isUtc: boolean): string {
  if (!row.switched_by) return row.why ?? ''
  const until = untilOf(row, isUtc).replace(/^,/, '')
  return `${faultOf(row)}by ${row.switched_by}${until}${row.reason ? `: ${row.reason}` : ''}`
}

const faultOf = ({ state }: Why): string => (state === 'faulty' ? 'config fault; ' : '')

/** The day is left out when it is that of the switch. */
function untilOf({ until, switched_at }: Why, isUtc: boolean): string {
  if (!until) return ''
  const end = minute(until, isUtc)
  const isSameDay = minute(switched_at, isUtc).slice(0, 10) === end.slice(0, 10)
  return `, until ${isSameDay ? end.slice(11) : end}`
}

const minute = (instant: string | null, isUtc: boolean): string =>
  formatInstant(instant, isUtc).slice(0, 16)
