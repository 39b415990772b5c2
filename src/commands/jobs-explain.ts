import type { Command } from 'commander'
import type { JobExplanation } from '../app/answers/jobs.ts'
import type { Cli } from './cli.ts'
import { withExamples, withJson } from './flags.ts'
import { printRecord } from './output/print.ts'

export function registerExplain(jobs: Command, cli: Cli): void {
  const explain = jobs
    .command('explain')
    .summary('Say when a job or a schedule comes, and what a change of the clock does to it')
    .argument('<job-or-cron>', 'job id, or five cron fields in quotes')
    .option('--tz <zone>', 'IANA time zone; default: that of the job, or of the file')
    .action(async (target: string, flags: { tz?: string; json?: boolean }) => {
      const io = cli.io()
      const result = await cli.withApp(async (app) => {
        const { explainSchedule } = await import('../app/explain-schedule.ts')
        return explainSchedule(app, target, flags)
      })
      await printRecord(io, { data: result, lines: linesOf(result) }, flags)
    })
  withExamples(
    withJson(explain),
    'caravan jobs explain haier-products',
    'caravan jobs explain "30 2 * * *" --tz Europe/Berlin',
  )
}

const meanings = {
  time_of_day:
    'times of day: one that the clock skips runs right after, one that comes twice runs once',
  time_passed:
    'time that passes: nothing runs in an hour that is skipped, and both times in one that comes twice',
}

const linesOf = (it: JobExplanation): [string, string][] => [
  ['job', it.job ?? ''],
  ['schedule', it.schedule ?? 'by hand'],
  ['zone', it.timezone],
  ['means', it.meaning === null ? '' : meanings[it.meaning]],
  ['next', it.next.map(nextLine).join('\n')],
  ['clock', it.schedule === null ? '' : changeLines(it).join('\n')],
  ['warnings', it.warnings.map(({ text }) => text).join('\n')],
]

/** In the zone of the schedule, whatever zone the operator sits in. */
function nextLine({ local, note }: JobExplanation['next'][number]): string {
  const weekday = days[new Date(`${local.slice(0, 10)}T00:00Z`).getUTCDay()]
  const text = `${weekday} ${local.slice(0, 10)} ${local.slice(11, 16)} ${local.slice(23)}`
  return note === null ? text : `${text}  ${note}`
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

function changeLines({ clock_change: change, timezone }: JobExplanation): string[] {
  if (!change) return [`${timezone} does not change its clock in the next 400 days`]
  const isSameDay = change.from.slice(0, 10) === change.to.slice(0, 10)
  const to = isSameDay ? change.to.slice(11) : change.to
  const head = `at ${change.from} it goes to ${to}`
  return change.effects.length === 0
    ? [`${head}; nothing of this schedule is touched`]
    : [head, ...change.effects.map((effect) => `- ${effect}`)]
}
