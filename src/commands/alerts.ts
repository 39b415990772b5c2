import type { Command } from 'commander'
import type { AlertInfo, AlertRuleInfo, ChannelTest, SilenceInfo } from '../app/answers/alerts.ts'
import type { AlertOverview } from '../app/alerts/show.ts'
import { CaravanError } from '../core/errors.ts'
import { counted } from '../core/words.ts'
import type { Cli } from './cli.ts'
import { count, type OutputFlags, withExamples, withJson, withListOutput } from './flags.ts'
import type { Paint, Tone } from './output/colour.ts'
import type { Io } from './output/io.ts'
import { formatOf, printList, printRecord, say } from './output/print.ts'
import type { Column } from './output/table.ts'
import { formatDuration, formatInstant, formatShortInstant, shortId } from './output/time.ts'

export function registerAlerts(program: Command, cli: Cli): void {
  const alerts = program.command('alerts').summary('Look at what is wrong, and who was told')
  registerAlertList(alerts, cli)
  registerAlertShow(alerts, cli)
  registerRules(alerts, cli)
  registerAlertTest(alerts, cli)
  registerSilence(alerts, cli)
  registerSilences(alerts, cli)
  registerUnsilence(alerts, cli)
}

type ListFlags = OutputFlags & { all?: boolean; firing?: boolean; limit: number }

function registerAlertList(alerts: Command, cli: Cli): void {
  const list = alerts
    .command('list', { isDefault: true })
    .summary('List what fires, and what did within a day')
    .option('--firing', 'only what fires now')
    .option('--all', 'all that are kept')
    .option('--limit <n>', 'how many', count, 50)
    .action(async (flags: ListFlags) => {
      const io = cli.io()
      const which = whichOf(flags)
      const overview = await cli.withApp(async (app) => {
        const { showAlerts } = await import('../app/alerts/show.ts')
        return showAlerts(app, { which, limit: flags.limit })
      })
      const columns = alertColumns(io.isUtc)
      const empty = 'Nothing fires.'
      await printList(io, { name: 'alerts', rows: overview.rows, columns, empty }, flags)
      sayOfChannels(io, overview)
    })
  withExamples(withListOutput(list), 'caravan alerts', 'caravan alerts list --all --json')
}

function whichOf({ all, firing }: ListFlags): 'recent' | 'firing' | 'all' {
  if (all && firing) {
    throw new CaravanError({
      code: 'usage',
      message: '--all and --firing exclude each other',
      hint: 'Give one of them.',
    })
  }
  if (all) return 'all'
  return firing ? 'firing' : 'recent'
}

function sayOfChannels(io: Io, { hasNoChannel, isUnjudged, failing }: AlertOverview): void {
  if (isUnjudged) say(io, 'No daemon runs, so nothing is judged at present: caravan daemon')
  if (hasNoChannel)
    say(io, 'Nobody is told of alerts: alerts.channels in the config names no service.')
  for (const { service, since, error } of failing) {
    say(io, `${service} has not delivered since ${formatInstant(since, io.isUtc)}: ${error}`)
  }
}

function registerAlertShow(alerts: Command, cli: Cli): void {
  const show = alerts
    .command('show')
    .summary('Show one alert, and what to do about it')
    .argument('<alert>', 'id of the alert, or its beginning')
    .action(async (id: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const alert = await cli.withApp(async (app) => {
        const { showAlert } = await import('../app/alerts/show.ts')
        return showAlert(app, id)
      })
      const at = (instant: string | null) => formatInstant(instant, io.isUtc)
      const lines = [
        ['alert', alert.id],
        ['what', alert.title],
        ['detail', alert.detail],
        ['what to do', alert.todo],
        ['rule', alert.rule],
        ['about', alert.subject],
        ['severity', alert.severity],
        ['status', alert.status],
        ['fired', at(alert.fired_at)],
        ['last seen', at(alert.seen_at)],
        ['resolved', at(alert.resolved_at)],
        ['told', [tellings[alert.telling], at(alert.told_at)].filter(Boolean).join(', ')],
        ['not yet by', alert.pending.join(', ')],
        ['silence', alert.silenced_by ?? ''],
      ] as const
      await printRecord(io, { data: alert, lines }, flags)
    })
  withExamples(withJson(show), 'caravan alerts show 01JHB2V7')
}

function registerRules(alerts: Command, cli: Cli): void {
  const rules = alerts
    .command('rules')
    .summary('List what raises an alert, with the thresholds in force')
    .action(async (flags: OutputFlags) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { showRules } = await import('../app/alerts/show.ts')
        return showRules(app)
      })
      await printList(
        io,
        { name: 'rules', rows, columns: ruleColumns, empty: '', tall: tallRule },
        flags,
      )
    })
  withExamples(withListOutput(rules), 'caravan alerts rules')
}

function registerAlertTest(alerts: Command, cli: Cli): void {
  const test = alerts
    .command('test')
    .summary('Send a message for real, and tell which channels delivered it')
    .option('--channel <service>', 'only this one; it need not be in alerts.channels yet')
    .action(async ({ channel, ...flags }: OutputFlags & { channel?: string }) => {
      const io = cli.io()
      const { rows, exit } = await cli.withApp(async (app) => {
        const { testChannels } = await import('../app/alerts/test-channels.ts')
        return testChannels(app, channel)
      })
      await printList(io, { name: 'channels', rows, columns: testColumns, empty: '' }, flags)
      for (const { channel: name, error } of rows) {
        if (error?.hint && formatOf(flags) === 'table') say(io, `${name}: ${error.hint}`)
      }
      cli.exit(exit)
    })
  withExamples(
    withListOutput(test),
    'caravan alerts test',
    'caravan alerts test --channel ops-chat',
  )
}

type SilenceFlags = {
  rule?: string
  subject?: string
  for?: string
  reason?: string
  json?: boolean
}

function registerSilence(alerts: Command, cli: Cli): void {
  const silence = alerts
    .command('silence')
    .summary('Tell nobody of some alerts for a while; they are recorded all the same')
    .option('--rule <rule>', 'only alerts of this rule')
    .option('--subject <subject>', 'only what is about this service, job or the like')
    .option('--for <duration>', 'how long, such as 2h; always needed')
    .option('--reason <text>', 'why, for those who wonder; always needed')
    .action(async (flags: SilenceFlags) => {
      const io = cli.io()
      const { made, strange } = await cli.withApp(async (app) => {
        const { silenceAlerts, strangeSubject } = await import('../app/alerts/silence.ts')
        const silenced = await silenceAlerts(app, flags)
        const { subject } = silenced
        return { made: silenced, strange: subject && (await strangeSubject(app, subject)) }
      })
      if (strange) say(io, strange)
      await printRecord(io, { data: made, lines: silenceLines(made, io.isUtc) }, flags)
    })
  withExamples(
    withJson(silence),
    'caravan alerts silence --subject haier --for 2h --reason maintenance',
    'caravan alerts silence --rule response_time --for 1d --reason "known"',
  )
}

function registerSilences(alerts: Command, cli: Cli): void {
  const silences = alerts
    .command('silences')
    .summary('List the silences that hold')
    .option('--all', 'those that have ended too')
    .action(async (flags: OutputFlags & { all?: boolean }) => {
      const io = cli.io()
      const rows = await cli.withApp(async (app) => {
        const { showSilences } = await import('../app/alerts/silence.ts')
        return showSilences(app, flags)
      })
      const columns = silenceColumns(io.isUtc)
      await printList(io, { name: 'silences', rows, columns, empty: 'No silence holds.' }, flags)
    })
  withExamples(withListOutput(silences), 'caravan alerts silences')
}

function registerUnsilence(alerts: Command, cli: Cli): void {
  const unsilence = alerts
    .command('unsilence')
    .summary('End a silence: what it held back and still fires is told')
    .argument('<silence>', 'id of the silence, or its beginning')
    .action(async (id: string, flags: { json?: boolean }) => {
      const io = cli.io()
      const ended = await cli.withApp(async (app) => {
        const { endSilenceNow } = await import('../app/alerts/silence.ts')
        return endSilenceNow(app, id)
      })
      const state = ['state', ended.changed ? 'ended' : 'ended (as before)'] as const
      const lines = [...silenceLines(ended, io.isUtc), state]
      await printRecord(io, { data: ended, lines }, flags)
    })
  withExamples(withJson(unsilence), 'caravan alerts unsilence 01JHB2V7')
}

const silenceLines = (silence: SilenceInfo, isUtc: boolean): [string, string][] => [
  ['silence', silence.id],
  ['rule', silence.rule ?? 'every one'],
  ['about', silence.subject ?? 'whatever it is'],
  ['reason', silence.reason],
  ['until', formatInstant(silence.until, isUtc)],
  ['by', `${silence.set_by}, ${formatInstant(silence.set_at, isUtc)}`],
  ['holds back', silence.firing > 0 ? `${counted(silence.firing, 'alert')} that fire now` : ''],
]

const tellings: Readonly<Record<AlertInfo['telling'], string>> = {
  told: 'told',
  pending: 'not delivered yet',
  silenced: 'silenced',
  cooldown: 'told a short while ago',
  nobody: 'nobody: no channel',
  itself: 'nobody: no other channel',
  not_told: 'over before it was told',
}

const shortTellings: Readonly<Record<AlertInfo['telling'], string>> = {
  ...tellings,
  pending: 'not yet',
  cooldown: 'just now',
  nobody: 'nobody',
  itself: 'nobody',
  not_told: 'no',
}

const tones: Readonly<Record<AlertInfo['severity'], Tone>> = {
  low: 'dim',
  medium: 'warn',
  high: 'bad',
}

const alertColumns = (isUtc: boolean): Column<AlertInfo>[] => [
  { title: 'ALERT', text: (row) => row.id, narrow: (row) => shortId(row.id) },
  {
    title: 'STATUS',
    text: (row) => row.status,
    tone: (row) => (row.status === 'firing' ? tones[row.severity] : 'good'),
  },
  { title: 'SEVERITY', text: (row) => row.severity, drop: 2 },
  { title: 'WHAT', text: (row) => row.title, shrink: 1, least: 20 },
  { title: 'RULE', text: (row) => row.rule, drop: 4 },
  { title: 'ABOUT', text: (row) => row.subject, shrink: 2, drop: 5 },
  {
    title: 'SINCE',
    text: (row) => formatInstant(row.fired_at, isUtc),
    narrow: (row) => formatShortInstant(row.fired_at, isUtc),
    drop: 3,
  },
  {
    title: 'RESOLVED',
    text: (row) => formatInstant(row.resolved_at, isUtc),
    narrow: (row) => formatShortInstant(row.resolved_at, isUtc),
    isOptional: true,
    drop: 6,
  },
  {
    title: 'TOLD',
    text: (row) => tellings[row.telling],
    narrow: (row) => shortTellings[row.telling],
    drop: 1,
  },
]

const ruleColumns: Column<AlertRuleInfo>[] = [
  { title: 'RULE', text: (row) => row.rule, tone: () => 'strong' },
  { title: 'SEVERITY', text: (row) => row.severity, tone: (row) => tones[row.severity], drop: 2 },
  { title: 'WHAT', text: (row) => row.title, shrink: 2, drop: 1 },
  { title: 'FIRES WHEN', text: (row) => row.when, shrink: 1, least: 20 },
  { title: 'OFF', text: (row) => (row.off ? 'off' : ''), isOptional: true },
  {
    title: 'FIRING',
    text: (row) => (row.firing > 0 ? String(row.firing) : ''),
    isNumber: true,
    isOptional: true,
  },
]

const tallRule = ({ rule, severity, title, when, off, firing }: AlertRuleInfo, paint: Paint) => ({
  head: [
    paint('strong', rule),
    paint(tones[severity], severity),
    off ? 'off' : '',
    firing > 0 ? `${firing} firing` : '',
  ]
    .filter(Boolean)
    .join('  '),
  texts: [title, `when ${when}`],
})

const testColumns: Column<ChannelTest>[] = [
  { title: 'CHANNEL', text: (row) => row.channel, tone: () => 'strong' },
  {
    title: 'RESULT',
    text: (row) => (row.delivered ? 'delivered' : 'failed'),
    tone: (row) => (row.delivered ? 'good' : 'bad'),
  },
  { title: 'TOOK', text: (row) => formatDuration(row.duration_ms), isNumber: true, drop: 2 },
  { title: 'ERROR', text: (row) => row.error?.message ?? '', isOptional: true, shrink: 1 },
]

const silenceColumns = (isUtc: boolean): Column<SilenceInfo>[] => [
  { title: 'SILENCE', text: (row) => row.id, narrow: (row) => shortId(row.id) },
  { title: 'RULE', text: (row) => row.rule ?? 'every one' },
  { title: 'ABOUT', text: (row) => row.subject ?? '', isOptional: true, shrink: 2 },
  {
    title: 'UNTIL',
    text: (row) => formatInstant(row.until, isUtc),
    narrow: (row) => formatShortInstant(row.until, isUtc),
  },
  { title: 'HOLDS BACK', text: (row) => String(row.firing), isNumber: true, drop: 3 },
  { title: 'BY', text: (row) => row.set_by, drop: 4 },
  { title: 'REASON', text: (row) => row.reason, shrink: 1, drop: 2 },
]
