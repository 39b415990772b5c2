import { expect, it } from 'vitest'
import { haierProject, project } from '../testing/program.ts'

it('lists in every format', async () => {
  const { run, json } = await haierProject()

  const table = await run('list')
  const csv = await run('list --output csv')
  const lines = await run('list --output jsonl')

  expect(table.out).toMatch(
    /^SERVICE +ADAPTER +KIND +PRIORITY +WISH +STATE\nhaier +haier +supplier +1 +enabled +enabled\n$/,
  )
  expect(csv.out).toBe(
    'name,adapter,kind,priority,weight,state,wish,why,switched_by,switched_at,reason,until\r\nhaier,haier,supplier,1,100,enabled,enabled,,,,,\r\n',
  )
  expect(JSON.parse(lines.out)).toEqual((await json<{ services: object[] }>('list')).services[0])
})

it('says what to do where there is no service', async () => {
  const { run, json } = await project()

  expect(await run('list')).toEqual({
    code: 0,
    out: '',
    err: 'There are no services yet. Add one with "caravan add <adapter>".\n',
  })
  expect(await json('list')).toEqual({ services: [] })
})

it('switches off with who, why and until, for every process, and on again', async () => {
  const { run, json } = await haierProject()

  const off = await run(['disable', 'haier', '--reason', 'цены неверны, 价格有误', '--for', '2h'])
  const listed = await json<{ services: { why: string; until: string }[] }>('list')
  const sync = await run('sync haier-products')
  const on = await run('enable haier')
  const again = await run('enable haier')

  expect(off.code).toBe(0)
  expect(listed.services[0]).toMatchObject({
    state: 'disabled',
    why: 'switched off by tester: цены неверны, 价格有误',
  })
  const hours = (Date.parse(listed.services[0]?.until ?? '') - Date.now()) / 3_600_000
  expect(hours).toBeGreaterThan(1.9)
  expect(hours).toBeLessThan(2.1)
  expect(sync.code).toBe(1)
  expect(sync.err).toContain('no service of kind supplier can be used (no_service)')
  expect(on.out).toContain('enabled')
  expect(again.out).toContain('enabled (as before)')
})

it('tells the wish of the file from the switch, and changes the wish when asked to', async () => {
  const { run, json, read, write } = await haierProject()
  write(
    'integrations.yaml',
    read('integrations.yaml').replace(
      'adapter: haier',
      'adapter: haier\n    enabled: false # until May',
    ),
  )

  const listed = await json('list')
  const { code } = await run('enable haier')

  expect(listed).toMatchObject({ services: [{ state: 'disabled', why: 'in the config' }] })
  expect(code).toBe(0)
  expect(read('integrations.yaml')).toContain('enabled: true # until May')
})

it('shows a service without any value of a secret', async () => {
  const { run, twin } = await haierProject()

  const { code, out } = await run('show haier')

  expect(code).toBe(0)
  expect(out).toContain('client_secret: ${secret:haier.client_secret}')
  expect(out).toContain('breaker       closed')
  expect(out).not.toContain(String(twin.config.client_secret))
})

it('shows what is known of a faulty service, and hides values of an adapter it does not know', async () => {
  const { run, write } = await project()
  write(
    'integrations.yaml',
    'version: 1\nservices:\n  a:\n    adapter: hair\n    config: { pw: s3cret }\n',
  )

  const { code, out } = await run('show a')

  expect(code).toBe(0)
  expect(out).toContain('adapter  hair (unknown)')
  expect(out).toContain(
    'integrations.yaml:4:14  services.a.adapter: unknown adapter; did you mean haier?',
  )
  expect(out).not.toContain('s3cret')
})

it('removes a service with its own secrets, after consent', async () => {
  const { run, json, read } = await haierProject()
  await run('secret set other', { stdin: 'kept' })

  const unasked = await run('remove haier')
  const before = await json<{ secrets: unknown[] }>('secret list')
  const { code } = await run('remove haier --yes')

  expect(unasked).toMatchObject({ code: 7, err: expect.stringContaining('Say it with --yes.') })
  expect(before.secrets.length).toBeGreaterThan(4)
  expect(code).toBe(0)
  expect(await json('secret list')).toMatchObject({ secrets: [{ name: 'other', used_by: [] }] })
  expect(read('integrations.yaml')).not.toContain('haier:')
})

it.each(['show haeir', 'disable haeir', 'enable haeir', 'remove haeir --yes', 'test haeir'])(
  '%s names the nearest service',
  async (words) => {
    const { run } = await haierProject()

    expect(await run(words)).toEqual({
      code: 10,
      out: '',
      err:
        '✗ there is no service named haeir (service_unknown)\n' +
        '  Did you mean haier? "caravan list" lists them.\n',
    })
  },
)
