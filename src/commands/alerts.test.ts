import { appendFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createCallRates } from '../app/alerts/call-rates.ts'
import { judgeFacts } from '../app/alerts/judge.ts'
import { readFacts } from '../app/alerts/read-facts.ts'
import { showAlerts } from '../app/alerts/show.ts'
import type { AlertTwin } from '../core/alert/chat.ts'
import { listChannels, noteUndelivered } from '../store/alert-channels.ts'
import { withAppIn } from '../testing/app.ts'
import { factsWith, job } from '../testing/alert-facts.ts'
import { servedProject } from '../testing/served-project.ts'

const robots = { 'ops-wecom': 'wecom-robot', 'ops-feishu': 'feishu-robot' }

async function start(channels = 'ops-wecom, ops-feishu') {
  const made = await servedProject(robots)
  const unlimited = '$&\n    rate_limit: { per_second: none }'
  const config = made
    .read('integrations.yaml')
    .replaceAll(/adapter: \S+-robot/g, unlimited)
    .replace('jobs:', 'jobs: { haier-products: { schedule: "0 3 * * *" } }')
  made.write('integrations.yaml', config)
  appendFileSync(made.file('integrations.yaml'), `alerts: { channels: [${channels}] }\n`)
  const posted = (name: string) => (made.twins[name]?.twin as AlertTwin | undefined)?.posted() ?? []
  /** As the daemon does it, without its channels. */
  const judge = (...failed: string[]) =>
    withAppIn(made.folder, async (app) => {
      const jobs = failed.map((id) =>
        job({ id, ends: [{ ...run, startedAt: '2026-03-01T00:00:00.000Z' }] }),
      )
      const { alerts: settings } = (await app.usableConfig()).config
      await judgeFacts((await app.state()).db, factsWith({ now: app.clock.now(), jobs, settings }))
    })
  return { ...made, posted, judge }
}

const run = { id: '01RUN', status: 'failed' as const, error: null }

it('a test tells which channels delivered, and its exit says so', async () => {
  const { run: caravan, posted, fault, twins, json } = await start()

  const good = await caravan('alerts test --json')
  await fault('ops-feishu', 'business-error', 10)
  const partial = await caravan('alerts test')
  const shown = await caravan('alerts list')
  const one = await caravan('alerts test --channel ops-feishu')
  twins['ops-feishu']?.faults.clear()
  await json('alerts test --channel ops-feishu')
  const mended = await caravan('alerts list')

  expect(good.code).toBe(0)
  expect(JSON.parse(good.out)).toMatchObject({
    channels: [
      { channel: 'ops-wecom', delivered: true, error: null },
      { channel: 'ops-feishu', delivered: true, error: null },
    ],
  })
  expect(posted('ops-feishu')[0]).toContain('Test of alerts')
  expect(partial.code).toBe(3)
  expect(partial.out).toMatch(/ops-wecom\s+delivered/)
  expect(partial.out).toMatch(/ops-feishu\s+failed/)
  expect(shown.err).toContain('ops-feishu has not delivered since')
  expect(one.code).toBe(1)
  expect(mended.err).not.toContain('has not delivered')
})

it('a test that fails is not held against the channel, nor does it keep what it has to tell', async () => {
  const { run: caravan, fault, posted, twins, folder } = await start('ops-feishu')
  await fault('ops-feishu', 'error-500', 100)
  for (let tests = 0; tests < 6; tests++) await caravan('alerts test')
  twins['ops-feishu']?.faults.clear()

  await withAppIn(folder, async (app) => {
    const facts = await readFacts(app, createCallRates())
    const [feishu] = facts.services.filter(({ name }) => name === 'ops-feishu')
    expect(feishu).toMatchObject({ breaker: { word: 'closed' }, lastCalls: [], rate: { calls: 0 } })
    const error = { error: 'x', now: app.clock.now(), waitMs: () => 0 }
    await noteUndelivered((await app.state()).db, 'ops-feishu', error)
    await judgeFacts((await app.state()).db, {
      ...facts,
      channels: await listChannels((await app.state()).db),
    })
    const { rows } = await showAlerts(app, { which: 'firing', limit: 10 })
    expect(rows).toMatchObject([{ rule: 'channel_failing', telling: 'itself' }])
  })
  const told = await caravan('alerts test')

  expect(told.code).toBe(0)
  expect(posted('ops-feishu')).toHaveLength(1)
})

it('a silence of what nothing is named is told of, and holds all the same', async () => {
  const { run: caravan } = await start()

  const silenced = await caravan('alerts silence --subject haier-product --for 2h --reason x')

  expect(silenced).toMatchObject({ code: 0 })
  expect(silenced.err).toContain('did you mean haier-products?')
})

it('alerts are listed, shown, silenced and unsilenced', async () => {
  const { json, judge, run: caravan } = await start()
  await judge('haier-products')

  const [alert] = (await json<{ alerts: { id: string }[] }>('alerts list')).alerts
  const { out } = await caravan(`alerts show ${alert?.id.slice(0, 12)}`)
  const silence = await json<{ id: string }>(
    'alerts silence --subject haier-products --for 2h --reason maintenance',
  )
  const silences = await json('alerts silences')
  const ended = await json(`alerts unsilence ${silence.id}`)
  const none = await json('alerts silences')
  await judge()
  const firing = await json('alerts list --firing')
  const recent = await json('alerts list')
  const rules = await json<{ rules: object[] }>('alerts rules')

  expect(alert).toMatchObject({
    rule: 'run_failed',
    subject: 'haier-products',
    severity: 'high',
    status: 'firing',
    telling: 'pending',
  })
  expect(out).toContain('caravan runs show 01RUN')
  expect(silence).toMatchObject({ subject: 'haier-products', rule: null, firing: 1 })
  expect(silences).toMatchObject({ silences: [{ id: silence.id, reason: 'maintenance' }] })
  expect(ended).toMatchObject({ changed: true, ended: true })
  expect(none).toEqual({ silences: [] })
  expect(firing).toEqual({ alerts: [] })
  expect(recent).toMatchObject({ alerts: [{ id: alert?.id, status: 'resolved' }] })
  expect(rules.rules).toContainEqual(
    expect.objectContaining({
      rule: 'success_rate',
      when: 'less than 90 % of at least 10 calls in 1 h succeed',
    }),
  )
})

it('what cannot be done says why, and what is near', async () => {
  const { run: caravan } = await start()
  const cases: [words: string, code: number, says: string][] = [
    ['alerts show 01ZZZ', 10, 'there is no alert 01ZZZ'],
    ['alerts unsilence 01ZZZ', 10, 'there is no silence 01ZZZ'],
    ['alerts silence --rule succes_rate --for 2h --reason x', 10, 'Did you mean success_rate?'],
    ['alerts silence --rule success_rate --for soon --reason x', 2, '--for soon is no duration'],
    ['alerts list --all --firing', 2, 'exclude each other'],
    ['alerts test --channel ops-wecon', 10, 'Did you mean ops-wecom?'],
  ]

  for (const [words, code, says] of cases) {
    const ended = await caravan(words)

    expect({ words, ...ended }).toMatchObject({ code, out: '' })
    expect(ended.err).toContain(says)
  }
})

it('a channel that is no service of kind alert, or a rule that is none, is a fault of the config', async () => {
  const { run: caravan, read, write } = await start('ops-wecon, nobody')
  const config = read('integrations.yaml')
  write('integrations.yaml', config.replace(/alerts: \{/, 'alerts: { off: [run_partail],'))

  const { code, err, out } = await caravan('config check')

  expect(code).toBe(9)
  for (const says of [
    'alerts.channels[0]: unknown service ops-wecon, and a channel is of kind alert; did you mean ops-wecom?',
    'alerts.channels[1]: unknown service nobody',
    'Of kind alert: ops-wecom, ops-feishu.',
    'alerts.off[0]: unknown rule run_partail; did you mean run_partial?',
  ])
    expect(out + err).toContain(says)
})

it('a service that is removed is no channel any more', async () => {
  const { run: caravan, read, json } = await start()

  const { code, err } = await caravan('remove ops-wecom --yes')

  expect({ code, err }).toMatchObject({ code: 0 })
  expect(err).toContain('Alerts are no longer told through it.')
  expect(read('integrations.yaml')).toContain('channels: [ ops-feishu ]')
  expect(await json('config check')).toMatchObject({ faults: [] })
})

it('without channels nobody is told, and that is said', async () => {
  const { run: caravan } = await start('')

  const test = await caravan('alerts test')
  const list = await caravan('alerts')
  const doctor = await caravan('doctor')

  expect(test.code).toBe(1)
  expect(test.err).toContain('nobody is told of alerts')
  expect(list.err).toContain('Nobody is told of alerts')
  expect(doctor.out + doctor.err).toContain('alerts.channels names no service')
})
