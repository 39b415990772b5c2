/** The picture of `caravan status`. */
import type { Status } from '../app/answers/project.ts'
import { counted } from '../core/words.ts'
import { type Paint, type Tone, toneOf } from './output/colour.ts'
import { formatSize } from './output/numbers.ts'
import { printable } from './output/print.ts'
import { renderTable } from './output/table.ts'
import { formatAge, formatDuration, formatInstant } from './output/time.ts'
import { describeWhy, describeWhyBriefly } from './output/why.ts'
import { wrap } from './output/wrap.ts'

export type Screen = { width: number; paint: Paint; now: Date; isUtc: boolean }

export function renderStatus(status: Status, screen: Screen): string {
  const { paint } = screen
  const sections: [title: string, text: string][] = [
    ['Services', services(status, screen)],
    ['Jobs', jobs(status, screen)],
    ['Daemon', lines(daemon(status, screen), screen)],
    ['Alerts', lines(alerts(status, screen), screen)],
    ['Queue', lines([queue(status)], screen)],
    ['Webhooks', lines([hooks(status)], screen)],
    ['State', lines(files(status), screen)],
  ]
  return sections
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `${paint('strong', title)}\n${text}`)
    .join('\n')
}

type Service = Status['services'][number]

function services({ services: rows }: Status, { width, paint, now, isUtc }: Screen): string {
  if (rows.length === 0) return 'none yet; add one with "caravan add <adapter>"\n'
  return renderTable(
    rows,
    [
      { title: 'SERVICE', text: (row) => row.name },
      { title: 'WISH', text: (row) => row.wish, drop: 1 },
      {
        title: 'STATE',
        text: (row) => row.state,
        tone: (row) => (row.state === 'enabled' ? 'good' : 'warn'),
      },
      {
        title: 'HEALTH',
        text: (row) => row.health,
        tone: (row) => (row.health === 'failing' ? 'bad' : row.health === 'ok' ? 'good' : 'dim'),
      },
      {
        title: 'BY',
        text: (row) =>
          row.health_from ? `${row.health_from}, ${formatAge(row.health_at, now)}` : '',
        isOptional: true,
        drop: 2,
      },
      {
        title: 'BREAKER',
        text: (row) => row.breaker,
        tone: (row) => (row.breaker === 'closed' ? undefined : 'bad'),
      },
      {
        title: 'LAST SUCCESS',
        text: (row) => formatAge(row.last_success_at, now) || 'never',
        shrink: 1,
      },
      {
        title: 'WHY',
        text: (row) => describeWhy(row, isUtc) || failureOf(row),
        narrow: (row) => describeWhyBriefly(row, isUtc) || failureOf(row),
        isOptional: true,
        shrink: 2,
        least: 20,
      },
    ],
    { width, paint },
  )
}

function failureOf({ health, health_from, health_call, check_message }: Service): string {
  if (health !== 'failing') return ''
  return health_from === 'check' ? (check_message ?? '') : `caravan logs show ${health_call ?? ''}`
}

function jobs(status: Status, { width, paint, now, isUtc }: Screen): string {
  const pauses = new Map(status.paused.map((pause) => [pause.job, pause]))
  return renderTable(
    status.jobs,
    [
      { title: 'JOB', text: (row) => row.id },
      { title: 'LAST RUN', text: (row) => formatAge(row.last_started_at, now) || 'never' },
      {
        title: 'RESULT',
        text: (row) => row.last_status ?? '',
        tone: (row) => toneOf(row.last_status),
      },
      {
        title: 'NEXT',
        text(row) {
          if (row.faulty) return 'faulty'
          const pause = pauses.get(row.id)
          if (!pause) return formatInstant(row.next_due_at, isUtc) || 'by hand'
          return pause.until ? `paused until ${formatInstant(pause.until, isUtc)}` : 'paused'
        },
        tone: (row) => (row.faulty || pauses.has(row.id) ? 'warn' : undefined),
        shrink: 1,
      },
      {
        title: 'WHY PAUSED',
        text: (row) => pauses.get(row.id)?.reason ?? '',
        isOptional: true,
        shrink: 2,
      },
    ],
    { width, paint },
  )
}

function daemon({ daemon: it, jobs: rows }: Status, { now }: Screen): Line[] {
  const scheduled = rows.filter(({ schedule, enabled }) => schedule !== null && enabled).length
  if (!it?.running) {
    const ended = it?.stopped_at ? `; ended ${formatAge(it.stopped_at, now)}` : ''
    const kept = `nothing keeps the schedule of ${counted(scheduled, 'job')}: caravan daemon`
    const words = `not running${ended}`
    return [scheduled > 0 ? ['bad', `${words}; ${kept}`] : words]
  }
  const parts = [
    `running for ${formatDuration(msSince(it.started_at, now))}, process ${it.pid} on ${it.host}`,
    it.ticked_at ? `last tick ${formatAge(it.ticked_at, now)}` : 'no tick yet',
    it.listens_at ? `listens at ${it.listens_at}` : '',
  ]
  return [
    parts.filter(Boolean).join(', '),
    it.listen_error === null ? '' : ['bad', `not listening: ${printable(it.listen_error)}`],
    it.config_error === null
      ? ''
      : ['bad', `the config file is not in force: ${printable(it.config_error)}`],
  ]
}

function alerts({ alerts: it }: Status, { now }: Screen): Line[] {
  const silenced = it.silenced > 0 ? `, ${it.silenced} of them silenced` : ''
  const firing = `${it.firing} firing${silenced}, the worst is ${it.worst}: caravan alerts`
  return [
    it.firing === 0 ? '' : [it.worst === 'high' ? 'bad' : 'warn', firing],
    ...it.failing_channels.map(({ service, since, failures, error }): Line => {
      const why = error ? `: ${printable(error)}` : ''
      const times = counted(failures, 'failure')
      const words = `channel ${service} has failed for ${formatDuration(msSince(since, now))} (${times})${why}`
      return ['bad', words]
    }),
  ]
}

function queue({ queue: { waiting, sending, dead, unknown } }: Status): string {
  const parts = [
    waiting > 0 ? `${waiting} waiting` : '',
    sending > 0 ? `${sending} being sent` : '',
    dead > 0 ? `${dead} dead: caravan queue --dead` : '',
    unknown > 0 ? `${unknown} unknown: caravan queue list --status unknown` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

function hooks({ hooks: { waiting, failed } }: Status): string {
  const parts = [
    waiting > 0 ? `${waiting} waiting` : '',
    failed > 0 ? `${failed} failed: caravan hooks list --status failed` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

function files(status: Status): string[] {
  const total = status.files.reduce((sum, { bytes }) => sum + bytes, 0)
  return [
    ...status.files.map(({ file, bytes }) => `${file}  ${formatSize(bytes)}`),
    `together ${formatSize(total)} of at most ${formatSize(status.max_size)}`,
  ]
}

const msSince = (instant: string, now: Date): number =>
  Math.max(0, now.getTime() - Date.parse(instant))

type Line = string | [tone: Tone, text: string]

const lines = (some: readonly Line[], { width, paint }: Screen): string =>
  some
    .map((line): [Tone | undefined, string] =>
      typeof line === 'string' ? [undefined, line] : line,
    )
    .filter(([, text]) => text !== '')
    .flatMap(([tone, text]) => wrap(text, width).map((one) => (tone ? paint(tone, one) : one)))
    .map((line) => `${line}\n`)
    .join('')
