import { describe, expect, it } from 'vitest'
import { haierProject } from '../testing/program.ts'
import { plain, runOnTerminal, whyNoTerminal, widerThan } from '../testing/terminal.ts'

type Switched = {
  state: string
  switched_by: string | null
  reason: string | null
  until: string | null
  replaced: { switched_by: string; reason: string | null } | null
}

it('says who, when, why and until when, and what a second switch replaces', async () => {
  const { run, json } = await haierProject()

  const first = await run('disable haier --reason maintenance --for 2h', { env: { USER: 'bob' } })
  const second = await run(['disable', 'haier', '--reason', 'цены неверны, 价格有误'])
  const listed = await json<{ services: object[] }>('list')
  const table = await run('list')

  expect(first.out).toMatch(
    /^service +haier\nstate +disabled\nby +bob, \d{4}-\d\d-\d\d [\d:]{8} UTC\nreason +maintenance\nuntil +\d{4}/,
  )
  expect(second.out).toMatch(
    /until +somebody enables it\nreplaced +switched off by bob .* UTC: maintenance, until \d\d/,
  )
  expect(listed.services).toMatchObject([
    {
      state: 'disabled',
      wish: 'enabled',
      why: 'switched off by tester: цены неверны, 价格有误',
      switched_by: 'tester',
      switched_at: expect.stringMatching(/Z$/),
      reason: 'цены неверны, 价格有误',
      until: null,
    },
  ])
  expect(table.out).toMatch(
    /haier +haier +supplier +1 +enabled +disabled +switched off by tester \d{4}-\d\d-\d\d \d\d:\d\d UTC: цены неверны, 价格有误\n$/,
  )
})

it('tells what was lifted, and that nothing was', async () => {
  const { json } = await haierProject()
  await json('disable haier --reason maintenance')

  const lifted = await json<Switched>('enable haier')
  const again = await json<Switched>('enable haier')

  expect(lifted).toMatchObject({
    state: 'enabled',
    changed: true,
    switched_by: null,
    replaced: { switched_by: 'tester', reason: 'maintenance' },
    config_line: null,
  })
  expect(again).toMatchObject({ state: 'enabled', changed: false, replaced: null })
})

it('a service that the file disables is enabled in the file, and that is said', async () => {
  const { run, read, write } = await haierProject()
  const text = read('integrations.yaml')
  write('integrations.yaml', text.replace('adapter: haier', 'adapter: haier\n    enabled: false'))
  await run('disable haier')

  const shown = await run('show haier')
  const { code, out } = await run('enable haier')
  const history = await run('config history')

  expect(shown.out).toMatch(/wish +disabled\nstate +disabled: switched off by tester/)
  expect(code).toBe(0)
  expect(out).toMatch(/config +the file disabled it: "enabled" is true now, in line \d+\n/)
  expect(read('integrations.yaml')).toContain('enabled: true')
  expect(history.out).toMatch(/tester +enable +services.haier.enabled changed\n/)
})

it('a duration that is none, or no time at all, is wrong usage', async () => {
  const { run, json } = await haierProject()

  for (const text of ['0s', 'soon', '2', '-1h', '9999999d']) {
    const { code, out, err } = await run(['disable', 'haier', `--for=${text}`])

    expect({ text, code, out }).toEqual({ text, code: 2, out: '' })
    expect(err).toContain('must be a whole number and a unit')
  }
  expect(await json('list')).toMatchObject({ services: [{ state: 'enabled' }] })
})

it('a switch that has ended shows nowhere', async () => {
  const { run, json } = await haierProject()
  await run('disable haier --reason maintenance --for 1ms')

  const { services } = await json<{ services: object[] }>('list')

  expect(services).toMatchObject([{ state: 'enabled', why: null, switched_by: null, until: null }])
  for (const words of ['list', 'status', 'show haier', 'config explain services.haier.enabled'])
    expect((await run(words)).out).not.toContain('maintenance')
  expect(await json('enable haier')).toMatchObject({ changed: false, replaced: null })
})

it('stops a run of another process at its next call, and the run goes on once it is lifted', async () => {
  const { start, run, twin } = await haierProject({ products: 250 })
  let asked = 0
  const handle = twin.twin.handle.bind(twin.twin)
  const isUnderWay = new Promise<void>((resolve) => {
    twin.twin.handle = (request) => {
      if (request.path.includes('stock') && ++asked === 5) resolve()
      return handle(request)
    }
  })

  const sync = start('sync haier-products --stock')
  await isUnderWay
  const off = await run(['disable', 'haier', '--reason', 'wrong stock'])
  const ended = await sync.ended
  const stopped = asked
  await run('enable haier')
  const resumed = await run('sync haier-products --stock')

  expect(off.code).toBe(0)
  expect(ended.code).toBe(5)
  expect(ended.err).toContain('switched off by tester: wrong stock')
  expect(stopped).toBeLessThan(250)
  expect(resumed.code).toBe(0)
})

describe.skipIf(whyNoTerminal())('on a terminal of 80 columns', () => {
  it('shows wish, state, who and until when; the reason is what is cut', async () => {
    const { run, folder } = await haierProject()
    await run(['disable', 'haier', '--reason', 'wrong prices since this morning'])

    for (const words of ['list', 'status']) {
      const { code, screen } = await runOnTerminal(words, { cwd: folder })

      expect(code).toBe(0)
      expect(widerThan(80, screen)).toEqual([])
      expect(plain(screen)).toMatch(/haier .*enabled +disabled .*by tester: wro[^\n]*…\r?\n/)
    }
  })
})
