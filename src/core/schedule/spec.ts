/** What a schedule is planned from, as one text: the zone has no blanks, so it is the last word. */
export const specOf = ({ schedule, timezone }: { schedule: string; timezone: string }): string =>
  `${schedule.trim().split(/\s+/).join(' ')} ${timezone}`

export function readSpec(spec: string): { cron: string; zone: string } {
  const end = spec.lastIndexOf(' ')
  return { cron: spec.slice(0, end), zone: spec.slice(end + 1) }
}
