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

  const all = await count('')
  const ofRun = await count(`--run ${id}`)
  expect(all).toBeGreaterThan(30)
  expect(await count('--service haier')).toBe(all)
  expect(await count('--operation getStock')).toBe(30)
  expect(await count('--operation supplier.getStock')).toBe(30)
  expect(await count('--operation check')).toBe(2)
  expect(await count('--operation supplier.check')).toBe(2)
  expect(await count('--outcome failed')).toBe(1)
  expect(ofRun).toBe(all - 2) // the tests of `add` and `test`
  expect(await count(`--run ${id.slice(0, 20).toLowerCase()}`)).toBe(ofRun)
  expect(await count('--since 1h')).toBe(all)
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
  expect(out).toMatch(/timeline +\+0 ms +asked\n +\+\d+ ms +1\. .*POST http.*: 200 after/)
  expect(out).toMatch(/\n +\+\d+ ms +done\n/)
})

it('shows the last calls of a service', async () => {
  const { run, json } = await haierProject()
  for (let times = 0; times < 6; times++) await run('test haier')

  const { out } = await run('show haier')
  const { last_calls } = await json<{ last_calls: { id: string }[] }>('show haier')
  const { calls } = await json<Calls>('logs --limit 5')

  expect(out.match(/supplier\.check +done +\S+ ?\w* +[0-9A-Z]{26}\n/g)).toHaveLength(5)
  expect(last_calls.map(({ id }) => id)).toEqual(calls.map(({ id }) => id))
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

    const env = { HOME: home, XDG_CACHE_HOME: undefined, NODE_COMPILE_CACHE: undefined }
    const { code, err } = await run('list', { env })

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
  ['logs --since 3', 2, '--since 3 is neither a time nor a duration'],
  ['logs --since 2026-02-30', 2, 'Write it like 2h, 3d, 2026-11-21'],
  ['logs --operation supplier.getStok', 2, 'There are: supplier.check, '],
  ['logs --limit none', 2, '--limit none: it must be a whole number from 1'],
  [
    'logs --outcome maybe',
    2,
    '--outcome maybe: allowed choices are done, partial, failed, unknown, accepted',
  ],
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

  expect(out).toMatch(/haier +enabled +enabled +ok +call, .* ago +closed +.* ago/)
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

it('says nothing of an empty list with --quiet', async () => {
  const { run } = await project()

  expect(await run('list --quiet')).toEqual({ code: 0, out: '', err: '' })
})
