import { expect, it } from 'vitest'
import { haierProject, project } from '../testing/program.ts'

type Calls = { calls: { id: string; operation: string; outcome: string; run_id: string | null }[] }

it('finds calls by every filter', async () => {
  const { run, json, twin } = await haierProject()
  await run('sync haier-products --prices --stock')
  twin.faults.add({ fault: 'business-error' })
  await run('test haier')
  const { runs } = await json<{ runs: { id: string }[] }>('runs')
  const id = runs[0]?.id ?? ''

  const count = async (filter: string): Promise<number> =>
    (await json<Calls>(`logs --limit 1000 ${filter}`)).calls.length

  expect(await count('')).toBeGreaterThan(30)
  expect(await count('--service haier')).toBe(await count(''))
  expect(await count('--operation getStock')).toBe(30)
  expect(await count('--outcome failed')).toBe(1)
  expect(await count(`--run ${id}`)).toBe((await count('')) - 2) // the tests of `add` and `test`
  expect(await count(`--run ${id.slice(0, 20).toLowerCase()}`)).toBe(await count(`--run ${id}`))
  expect(await count('--since 1h')).toBe(await count(''))
  expect(await count('--until 1h')).toBe(0)
  expect(await count('--text zzzz-nowhere')).toBe(0)
  expect((await json<Calls>('logs --limit 3')).calls).toHaveLength(3)
})

it('shows one call by the beginning of its id', async () => {
  const { run, json } = await haierProject()
  const { calls } = await json<Calls>('logs')

  const { code, out } = await run(`logs show ${calls[0]?.id.slice(0, 16)}`)

  expect(code).toBe(0)
  expect(out).toMatch(/operation +supplier\.check/)
  expect(out).toMatch(/attempts +1\. .*POST http/)
})

it('follows calls as they are made', async () => {
  const { start, run } = await haierProject()
  const follower = start('logs --follow --output jsonl')
  await follower.prints('"check"')

  await run('sync haier-products --codes AA')
  await follower.prints('"listProducts"')
  follower.process.kill('SIGINT')

  expect((await follower.ended).code).toBe(130)
})

it.each([
  ['', /^CALL +STARTED/gm],
  [' --output csv', /,started_at,/gm],
])('follows calls under one head: logs --follow%s', async (flags, head) => {
  const { start, run } = await haierProject()
  const follower = start(`logs --follow${flags}`)
  await follower.prints('check')

  await run('sync haier-products --codes AA')
  await follower.prints('listProducts')
  await run('test haier')
  follower.process.kill('SIGINT')
  const { out } = await follower.ended

  expect(out.match(head)).toHaveLength(1)
  expect(out.indexOf('check')).toBeLessThan(out.indexOf('listProducts'))
})

it.each(['/proc/x', '/proc', '/dev/null/x', '/nowhere/at/all'])(
  'works with a home where no cache can be kept: %s',
  async (home) => {
    const { run } = await project()

    const { code, err } = await run('list', { env: { HOME: home, XDG_CACHE_HOME: undefined } })

    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining('no services yet'),
    })
  },
)

it.each([
  ['logs show 01ZZZZ', 10, 'call_unknown'],
  ['runs show 01ZZZZ', 10, 'run_unknown'],
  ['logs --since yesterday', 2, '--since yesterday is neither a time nor a duration'],
  ['logs --limit none', 2, '--limit none: it must be a whole number from 1'],
  ['logs --outcome maybe', 2, '--outcome maybe: allowed choices are done, failed, unknown'],
  ['logs --service nobody', 10, 'there is no service named nobody (service_unknown)'],
  ['logs --run 01ZZZZ', 10, 'run_unknown'],
  ['logs --operation getStok', 2, 'Did you mean getStock?'],
  ['runs --job haier-produtcs', 10, 'Did you mean haier-products?'],
  ['runs --status fine', 2, '--status fine: allowed choices are running, success,'],
])('%s is exit %i', async (words, exit, told) => {
  const { run } = await project()

  const { code, out, err } = await run(words)

  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err).toContain(told)
})

it('a reader that leaves early is no failure', async () => {
  const { start, run } = await haierProject()
  await run('sync haier-products --stock')
  const listing = start('logs --limit 1000 --json')

  listing.process.stdout?.destroy()

  expect(await listing.ended).toMatchObject({ code: 0, err: '' })
})

it('shows jobs, runs and the state on one screen', async () => {
  const { run, json, file } = await haierProject()
  await run('sync haier-products')

  const { out } = await run('status')

  expect(out).toMatch(/haier +enabled +enabled +ok +closed +.* ago/)
  expect(out).toMatch(/haier-products +.* ago +success +by hand/)
  expect(out).toContain(file('caravan.db'))
  expect(await json('status')).toMatchObject({
    services: [{ name: 'haier', health: 'ok', breaker: 'closed' }],
    jobs: [
      { id: 'haier-products', last_status: 'success' },
      { id: '1c-catalog', last_status: null },
    ],
  })
  expect((await run('runs')).out).toMatch(/haier-products +success +20\d\d-.* UTC/)
  expect((await run('runs --job 1c-catalog')).err).toBe('There are no runs yet.\n')
})

it.each(['list', 'adapters', 'jobs', 'runs', 'logs', 'secret list', 'test --all'])(
  '%s speaks JSON, JSON lines and CSV, and nothing else on stdout',
  async (words) => {
    const { run, json } = await haierProject()

    const [rows] = Object.values(await json<Record<string, object[]>>(words))
    const lines = await run(`${words} --output jsonl`)
    const csv = await run(`${words} --output csv`)

    expect(Array.isArray(rows)).toBe(true)
    for (const line of lines.out.split('\n').filter(Boolean)) JSON.parse(line)
    expect({ lines: lines.code, csv: csv.code }).toEqual({ lines: 0, csv: 0 })
    const names = Object.keys(rows?.[0] ?? {}).join(',')
    expect(csv.out.startsWith(names)).toBe(true)
  },
)

it.each([
  'show haier',
  'status',
  'config check',
  'disable haier',
  'enable haier',
  'sync haier-products',
])('%s prints one JSON object', async (words) => {
  const { json } = await haierProject()

  expect(Object.keys(await json(words))).not.toEqual([])
})
