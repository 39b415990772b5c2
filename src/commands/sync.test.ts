import { expect, it } from 'vitest'
import { haierProject, project } from '../testing/program.ts'

type Report = { run: string; status: string; counters: Record<string, number>; changes: object[] }

it('copies everything, and finds nothing to do the second time', async () => {
  const { run, json } = await haierProject()

  const first = await run('sync haier-products --prices --stock')
  const second = await json<Report>('sync haier-products --prices --stock')

  expect(first.code).toBe(0)
  expect(first.out).toMatch(/created +30\n/)
  expect(first.err).toMatch(/^run \w{26} success, /)
  expect(second).toMatchObject({
    status: 'success',
    counters: { read: 30, created: 0, unchanged: 30 },
  })
})

it('a dry run writes no product, says what would be new, and counts as no run', async () => {
  const { run, json } = await haierProject()

  const { code, out, err } = await run('sync haier-products --dry-run')
  const exported = await run('export products')
  const { jobs } = await json<{ jobs: object[] }>('jobs')
  const { runs } = await json<{ runs: { trigger: string }[] }>('runs')

  expect(code).toBe(0)
  expect(err).toContain('Dry run, nothing was written: ')
  expect(out.match(/^new {2}/gm)).toHaveLength(20)
  expect(err).toContain('… and 10 more')
  expect(exported.out.trim().split('\n')).toHaveLength(1)
  expect(jobs).toContainEqual(expect.objectContaining({ id: 'haier-products', last_run: null }))
  expect(runs).toMatchObject([{ trigger: 'dry-run' }])
})

it('some saved and some failed is partial, exit 3, and the failed ones can be tried again', async () => {
  const { run } = await haierProject()
  await run('sync haier-products')
  const { out } = await run('export products')
  const [code = ''] = /(?<=\nhaier,)\w+/.exec(out) ?? []

  const partial = await run(`sync haier-products --codes ${code},NOSUCHONE`)
  const [id = ''] = /\w{26}/.exec(partial.err) ?? []
  const shown = await run(`runs show ${id.slice(0, 16)}`)
  const retried = await run(`sync haier-products --retry-failed ${id}`)

  expect(partial.code).toBe(3)
  expect(partial.out).toMatch(/NOSUCHONE +the supplier does not list this code/)
  expect(partial.err).toContain(`caravan sync haier-products --retry-failed ${id}`)
  expect(shown.out).toMatch(/failed items +NOSUCHONE: the supplier does not list this code/)
  expect(retried.code).toBe(1)
  expect(retried.out).toMatch(/read +1\n/)
})

it.each([
  ['sync', 2, 'haier-products  Haier catalogue, prices and stock'],
  ['sync haier-produkts', 10, 'Did you mean haier-products?'],
  ['sync haier-products --prise', 2, 'Did you mean --prices?'],
  ['sync haier-products --county 12', 2, 'county: must be a national division code of 6 digits'],
  ['sync haier-products --retry-failed 01ZZZ', 10, 'no run 01ZZZ'],
  ['sync haier-products extra', 2, 'too many arguments'],
])('%s is exit %i', async (words, exit, told) => {
  const { run } = await haierProject()

  const { code, out, err } = await run(words)

  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err).toContain(told)
})

it('needs a service of the kind', async () => {
  const { run } = await project()

  expect(await run('sync haier-products')).toEqual({
    code: 1,
    out: '',
    err:
      '✗ no service of kind supplier can be used (no_service)\n' +
      '  Add one: "caravan adapters" lists who offers supplier.\n',
  })
})

it.each(['sync haier-products --help', 'sync --help', 'help sync', 'sync 1c-catalog --help'])(
  '%s shows help and examples',
  async (words) => {
    const { run } = await project()

    const { code, out, err } = await run(words)

    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('--dry-run')
    expect(out).toContain('$ caravan sync haier-products --prices --stock')
  },
)

it('shows the flags of a job in a section of their own', async () => {
  const { run } = await project()

  expect((await run('sync haier-products --help')).out).toMatch(
    /Flags of haier-products:\n.*--codes/s,
  )
})

it('two at once: the second is told who runs it, exit 11', async () => {
  const { start, run, twin } = await haierProject()
  twin.faults.add({ fault: 'latency', delay_ms: 60_000, path: 'roduct' })
  const first = start('sync haier-products')
  await started(run)

  const second = await run('sync haier-products')

  expect(second).toMatchObject({ code: 11, out: '' })
  expect(second.err).toMatch(/^✗ haier-products is already running: run \w{26}, process \d+ on /)
  first.process.kill('SIGKILL')
})

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s ends a run as interrupted with exit %i, and the next run finishes it',
  async (signal, exit) => {
    const { start, run, json, twin } = await haierProject()
    twin.faults.add({ fault: 'latency', delay_ms: 60_000, path: 'roduct' })
    const first = start('sync haier-products')
    await started(run)

    first.process.kill(signal)
    const { code, err } = await first.ended
    twin.faults.clear()
    const { runs } = await json<{ runs: { status: string }[] }>('runs')
    const next = await json<Report>('sync haier-products')

    expect(code).toBe(exit)
    expect(err).toContain('What was saved stays. The same command goes on from there.')
    expect(runs[0]?.status).toBe('interrupted')
    expect(next).toMatchObject({ status: 'success', counters: { read: 30 } })
  },
)

it('a run that was killed is told as interrupted', async () => {
  const { start, run, json, twin } = await haierProject()
  twin.faults.add({ fault: 'latency', delay_ms: 60_000, path: 'roduct' })
  const first = start('sync haier-products')
  await started(run)

  first.process.kill('SIGKILL')
  await first.ended

  expect(await json('runs')).toMatchObject({ runs: [{ status: 'interrupted' }] })
})

async function started(run: (words: string) => Promise<{ out: string }>): Promise<void> {
  while (!(await run('runs --json')).out.includes('"running"'));
}
