import { expect, it } from 'vitest'
import { daysLater, doAsTold, examined, foundBy, rewrite } from '../../testing/doctor.ts'
import { withAppIn } from '../../testing/app.ts'
import { checkDaemon } from '../../daemon/check.ts'
import { setSecret } from '../secrets.ts'
import { haierProject, project } from '../../testing/program.ts'

it('finds a service with a fault, and the fault itself', async () => {
  const home = await haierProject()
  rewrite(home, 'adapter: haier', 'adapter: hair')

  const { findings } = await examined(home)

  expect(findings.filter(({ severity }) => severity === 'problem')).toMatchObject([
    {
      check: 'config',
      mend: 'caravan config check',
      why: expect.stringContaining('did you mean haier'),
    },
    { check: 'services', what: 'the service haier cannot be used: its config has a fault' },
  ])
})

it('finds placeholders without a value, before the service is used', async () => {
  const home = await haierProject()
  rewrite(home, '${secret:haier.password}', '${secret:haier.pw}')
  rewrite(home, '${secret:haier.client_secret}', '${CLIENT_SECRET}')

  const [variable, secret] = (await foundBy('config', home))
    .toSorted((a, b) => (a.what < b.what ? 1 : -1))
    .toReversed()
  const found = [variable, secret]
  const ofSecret = found.find((one) => one?.what.includes('haier.pw'))
  await doAsTold(home, ofSecret!, 'a value')
  const after = await foundBy('config', home, { env: { CLIENT_SECRET: 'x' } })

  expect(found.map((one) => one?.severity)).toEqual(['problem', 'problem'])
  expect(ofSecret?.mend).toBe('caravan secret set haier.pw')
  expect(found.map((one) => one?.what).join()).toContain('variable CLIENT_SECRET is not set')
  expect(after).toEqual([])
})

it('finds a stored secret that its service has no use for', async () => {
  const home = await haierProject()
  rewrite(home, 'adapter: haier', 'adapter: haier\n    proxy: ${secret:haier.proxy}')
  await withAppIn(home.folder, (app) => setSecret(app, 'haier.proxy', 'no-address-canary'))

  const found = await foundBy('config', home)
  const { faults } = await withAppIn(home.folder, checkDaemon)

  expect(found).toMatchObject([
    {
      severity: 'problem',
      what: 'the service haier cannot be used: services.haier.proxy must be a URL',
      mend: 'caravan secret set haier.proxy',
    },
  ])
  expect(faults).toEqual(['services.haier.proxy: must be a URL'])
  expect(JSON.stringify(found) + faults.join()).not.toContain('canary')
})

it('finds secrets that stand in the config, and a config that others can read then', async () => {
  const home = await haierProject()
  rewrite(home, '${secret:haier.password}', 'canary-5f1c')
  rewrite(home, '${secret:haier.client_secret}', '${CLIENT_SECRET:-canary-77aa}')
  rewrite(home, 'adapter: haier', 'adapter: haier\n    proxy: http://me:canary-9e@127.0.0.1:9')

  const { findings } = await examined(home)
  const { out, err } = await home.run('doctor --json')
  const after = await foundBy('files', home, { fix: true })

  expect(findings.filter(({ check }) => check === 'literals')).toMatchObject([
    {
      severity: 'warning',
      what: 'secrets of haier stand in the config in clear: proxy, client_secret, password',
      mend: expect.stringContaining('caravan secret set haier.proxy'),
    },
  ])
  expect(findings.filter(({ check }) => check === 'files')).toMatchObject([
    {
      severity: 'problem',
      what: expect.stringContaining('can be read by other users (mode 0640)'),
    },
  ])
  expect(after).toEqual([])
  expect(out + err + JSON.stringify(findings)).not.toContain('canary')
})

it('finds a job that never ran, and one that has not for long', async () => {
  const home = await haierProject()
  rewrite(home, 'jobs:', 'jobs:\n  haier-products: { schedule: "0 3 * * *" }')

  const young = await foundBy('jobs', home)
  const [never, unkept] = await foundBy('jobs', home, { clock: daysLater(2) })
  await doAsTold(home, never!)
  const after = await foundBy('jobs', home)
  const [late] = await foundBy('jobs', home, { clock: daysLater(5) })

  expect(young[0]).toMatchObject({ severity: 'note' })
  expect(never).toMatchObject({ severity: 'warning', mend: 'caravan sync haier-products' })
  expect(never?.what).toBe('the job haier-products ("0 3 * * *") never ran')
  expect(unkept).toMatchObject({
    severity: 'note',
    what: expect.stringContaining('by the schedule'),
  })
  expect(after).toEqual([])
  expect(late?.what).toMatch(/^the last success of the job haier-products .* is of \d{4}-/)
  expect(late?.why).toContain('it was due 3 times since; the last run was success')
})

it('finds that the clock was set back, and a zone that is none', async () => {
  const home = await haierProject()

  const [clock, zone] = await foundBy('clock', home, {
    clock: daysLater(-400),
    env: { TZ: 'Mars/Olympus' },
  })

  expect(clock).toMatchObject({
    severity: 'problem',
    mend: expect.stringContaining('caravan test'),
  })
  expect(clock?.what).toMatch(/, 400 days later$/)
  expect(zone?.what).toBe('TZ is Mars/Olympus, which is no time zone')
  for (const TZ of ['Asia/Shanghai', ':/etc/localtime', 'CST-8', '']) {
    expect(await foundBy('clock', home, { env: { TZ } })).toEqual([])
  }
})

it('finds certificates that nobody checks, and a TMPDIR that is none', async () => {
  const home = await project()

  const { findings } = await examined(home, {
    env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', TMPDIR: home.file('gone') },
  })

  expect(findings.slice(0, 2)).toMatchObject([
    { check: 'platform', mend: 'unset NODE_TLS_REJECT_UNAUTHORIZED' },
    { check: 'disk', what: expect.stringContaining('gone, cannot be written') },
  ])
})
