import { expect, it } from 'vitest'
import type { App } from '../app/app.ts'
import { readStatus } from '../app/status.ts'
import { noteUndelivered } from '../store/alert-channels.ts'
import { recordFindings } from '../store/alerts.ts'
import { enterDaemon, noteConfig, noteTick } from '../store/daemons.ts'
import { insertHealthCheck } from '../store/health-checks.ts'
import { storeHooks } from '../store/hook-events.ts'
import { setPause } from '../store/pauses.ts'
import { withAppIn } from '../testing/app.ts'
import { createTestClock } from '../testing/clock.ts'
import { haierProject, type Project, project } from '../testing/program.ts'
import { keys, plain, startOnTerminal, whyNoTerminal, widerThan } from '../testing/terminal.ts'
import { renderStatus } from './status-screen.ts'

const clock = createTestClock(new Date('2026-03-01T00:10:00.000Z'))
const now = clock.now()
const minutesAgo = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000)

/** A project where everything that a status can tell of has happened. */
async function busy(): Promise<Project> {
  const made = await haierProject()
  made.write(
    'integrations.yaml',
    `${made.read('integrations.yaml').replace(/^jobs:.*$/m, '')}
jobs: { haier-products: { schedule: "0 3 * * *" } }
`,
  )
  return made
}

async function fill(app: App): Promise<void> {
  const { db } = await app.state()
  await enterDaemon(db, { id: 'd1', version: '1.0.0', now: minutesAgo(10) })
  await noteTick(db, 'd1', minutesAgo(1))
  await noteConfig(db, 'd1', { error: 'line 3: an unknown key' })
  await insertHealthCheck(db, {
    service: 'haier',
    at: new Date(Date.now() + 1000).toISOString(), // later than the test that added it
    isOk: false,
    durationMs: 12,
    message: 'the vendor is down',
    errorKind: 'unavailable',
    callId: null,
  })
  await setPause(db, { job: 'haier-products', reason: 'stock is counted', setBy: 'anna', now })
  await recordFindings(db, {
    findings: (['medium', 'high'] as const).map((severity) => ({
      rule: `rule-${severity}`,
      subject: 'haier',
      severity,
      title: 't',
      detail: 'd',
      todo: 'do',
    })),
    now,
    judged: [],
    wanted: [],
  })
  await noteUndelivered(db, 'ops', { error: 'refused', now: minutesAgo(5), waitMs: () => 1000 })
  await storeHooks(
    db,
    [{ service: 'haier', eventId: 'e1', type: 'order', at: undefined, data: {} }],
    now,
  )
}

it('tells of health, the daemon, alerts and their channels, paused jobs and webhooks that wait', async () => {
  const { folder } = await busy()

  const status = await withAppIn(
    folder,
    async (app) => {
      await fill(app)
      return readStatus(app)
    },
    { clock },
  )

  expect(status).toMatchObject({
    services: [
      {
        health: 'failing',
        health_from: 'check',
        check_passed: false,
        check_message: 'the vendor is down',
      },
    ],
    paused: [{ job: 'haier-products', reason: 'stock is counted', set_by: 'anna', until: null }],
    daemon: { running: true, pid: process.pid, config_error: 'line 3: an unknown key' },
    alerts: {
      firing: 2,
      worst: 'high',
      silenced: 0,
      failing_channels: [{ service: 'ops', failures: 1, error: 'refused' }],
    },
    hooks: { waiting: 1, failed: 0 },
  })
  for (const width of [60, 80, 160]) {
    const text = renderStatus(status, { width, paint: (_, words) => words, now, isUtc: true })
    expect(widerThan(width, text)).toEqual([])
    expect(text).toContain('paused')
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      `running for 10 min 00 s, process ${process.pid}`,
    )
    expect(text).toContain('the config file is not in force: line 3: an unknown key')
    expect(text).toContain('2 firing, the worst is high: caravan alerts')
    expect(text).toContain('channel ops has failed for 5 min 00 s (1 failure): refused')
  }
})

it('a schedule that nothing keeps is worth a word', async () => {
  const { folder, run } = await busy()

  const { out } = await run('status')

  expect(out).toContain('not running; nothing keeps the schedule of 1 job: caravan daemon')
  expect((await withAppIn(folder, readStatus)).daemon).toBeNull()
})

it.each([
  ['status --watch', 'stdout is none'],
  ['status --watch --json', '--json is for programs'],
  ['status --every 3s', '--every 3s needs --watch'],
])('%s in a pipe is wrong usage', async (words, said) => {
  const { run } = await project()

  const { code, out, err } = await run(words)

  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(said)
})

const entersScreen = '\u001b[?1049h'
const leavesScreen = '\u001b[?1049l'

it.skipIf(whyNoTerminal())(
  'is drawn anew in its place, and Ctrl-C leaves the last picture',
  async () => {
    const { folder, run } = await haierProject()
    const watching = startOnTerminal('status --watch --every 200ms', {
      cwd: folder,
      columns: 160,
    })
    await watching.prints('LAST SUCCESS')

    await run('disable haier --reason prices')
    await watching.prints('switched off by tester')
    watching.type(keys.interrupt)
    const { code, screen } = await watching.ended

    expect(code).toBe(130)
    const [before = '', during = '', after = ''] = screen
      .replace(entersScreen, leavesScreen)
      .split(leavesScreen)
    expect(screen.indexOf(entersScreen)).toBeLessThan(screen.indexOf(leavesScreen))
    expect(plain(before).trim()).toBe('')
    expect(during.split('\u001b[H').length).toBeGreaterThan(2)
    expect(during).not.toContain('\u001b[2J') // what is cleared as a whole flickers
    expect(during).toContain('\u001b[?25l')
    expect(during.lastIndexOf('\u001b[?25h')).toBeGreaterThan(during.lastIndexOf('\u001b[?25l'))
    expect(plain(after)).toMatch(/^Services\nSERVICE[^]*switched off by tester[^]*of at most/)
  },
)

it.skipIf(whyNoTerminal())(
  'what cannot be read for a while is told above the last picture, and a low window is not overrun',
  async () => {
    const { folder, write, read } = await haierProject()
    const watching = startOnTerminal('status --watch --every 200ms', { cwd: folder, rows: 8 })
    await watching.prints('more lines; a taller window shows them')
    const file = read('integrations.yaml')

    write('integrations.yaml', 'services: [')
    await watching.prints('not read anew')
    write('integrations.yaml', file)
    watching.type(keys.interrupt)
    const { code, screen } = await watching.ended

    expect(code).toBe(130)
    const frames = screen.split('\u001b[H').slice(1)
    for (const frame of frames.slice(0, -1)) expect(frame.split('\n').length).toBeLessThanOrEqual(8)
  },
)
