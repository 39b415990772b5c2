import { expect, it } from 'vitest'
import { haierProject, project } from '../../testing/program.ts'

it('finds nothing in a sound file', async () => {
  const { run, json, file } = await haierProject()

  const { code, out } = await run('config check')

  expect(code).toBe(0)
  expect(out).toContain('no faults')
  expect(await json('config check')).toMatchObject({ file: file('integrations.yaml'), faults: [] })
})

it('shows every fault at once, with line and column', async () => {
  const { run, write } = await project()
  write(
    'integrations.yaml',
    `version: 1
foo: 1
services:
  a:
    adapter: hair
  b:
    adapter: haier
    prioriti: 1
    config: { client_id: 5, client_secret: x, customer_code: "1", password: x, seller_password: x }
jobs:
  haier-products: { schedule: "61 * * * *" }
  haier-productz: {}
`,
  )

  const { code, out } = await run('config check')
  const asJson = await run('config check --json')

  expect(code).toBe(9)
  for (const told of [
    'integrations.yaml:2:1  foo: unknown key',
    'integrations.yaml:5:14  services.a.adapter: unknown adapter; did you mean haier?',
    'integrations.yaml:8:5  services.b.prioriti: unknown key; did you mean priority?',
    'integrations.yaml:9:26  services.b.config.client_id: must be text, not a number',
    'services.b.config.customer_code: must be 10 digits',
    'integrations.yaml:11:',
    'did you mean haier-products',
  ])
    expect(out).toContain(told)
  expect(asJson.code).toBe(9)
  expect(JSON.parse(asJson.out)).toMatchObject({
    faults: expect.arrayContaining([expect.objectContaining({ line: 2, column: 1, path: 'foo' })]),
  })
})

it('a fault of one service leaves the others usable', async () => {
  const { run, read, write } = await haierProject()
  write(
    'integrations.yaml',
    read('integrations.yaml').replace('services:', 'services:\n  bad: { adapter: hair }'),
  )

  const listed = await run('list')
  const tested = await run('test haier')

  expect(listed.out).toMatch(
    /bad +hair +1 +enabled +faulty +its config has a fault: caravan config check/,
  )
  expect(listed.err).toBe('The config has 1 fault. See them with "caravan config check".\n')
  expect(tested.code).toBe(0)
})

it('a faulty job is told by jobs and status as list tells it, and counted', async () => {
  const { run, write } = await project()
  write('integrations.yaml', `version: 1\njobs:\n  haier-products: { schedule: 'x y' }\n`)
  const told = 'The config has 1 fault. See them with "caravan config check".\n'

  const jobs = await run('jobs')
  const status = await run('status')
  const checked = await run('config check')

  expect(jobs).toMatchObject({ out: expect.stringMatching(/haier-products .* faulty /), err: told })
  expect(status).toMatchObject({
    out: expect.stringMatching(/haier-products .* faulty/),
    err: told,
  })
  expect((await run('list')).err).toContain(told)
  expect(checked.out).toMatch(/jobs +1\nresult +1 fault\n/)
})

it('shows each placeholder without a value as a fault of its own, at its own line', async () => {
  const { run, write } = await project()
  write(
    'integrations.yaml',
    `version: 1
services:
  haier:
    adapter: haier
    config:
      client_id: \${NO_ID}
      client_secret: \${secret:no.secret}
      customer_code: "8800633175"
      password: \${file:no-file}
      seller_password: plain
`,
  )

  const { code, out } = await run('config check')
  const asJson = JSON.parse((await run('config check --json')).out) as { faults: object[] }

  expect(code).toBe(9)
  expect(out).toContain('result    3 faults')
  expect(asJson).not.toHaveProperty('text')
  const at = (line: number, column: number, field: string) => ({
    line,
    column,
    path: `services.haier.config.${field}`,
  })
  expect(asJson.faults).toEqual([
    {
      ...at(6, 18, 'client_id'),
      message: 'the environment variable NO_ID is not set',
      hint: 'Set it, or give a default: ${NO_ID:-…}',
    },
    {
      ...at(7, 22, 'client_secret'),
      message: 'there is no secret named no.secret',
      hint: 'Store it with "caravan secret set no.secret".',
    },
    expect.objectContaining(at(9, 17, 'password')),
  ])
})
