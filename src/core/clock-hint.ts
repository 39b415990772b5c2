/**
 * How far this machine's clock is from the vendor's, by the `Date` header of its answer; undefined when the header says
 * nothing, or less than `notableMs`.
 */
export function clockHint(
  date: string | undefined,
  now: Date,
  notableMs = 60_000,
): string | undefined {
  const theirs = Date.parse(date ?? '')
  if (Number.isNaN(theirs)) return undefined
  const aheadMs = now.getTime() - theirs
  if (Math.abs(aheadMs) < notableMs) return undefined
  const direction = aheadMs > 0 ? 'ahead of' : 'behind'
  return `The clock of this machine is ${lengthOf(Math.abs(aheadMs))} ${direction} the vendor’s.`
}

function lengthOf(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 180) return minutes === 1 ? '1 minute' : `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}
