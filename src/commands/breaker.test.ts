import { expect, it } from 'vitest'
import type { BreakerInfo, BreakerReset } from '../app/answers/breakers.ts'
import { haierProject } from '../testing/program.ts'

type Listed = { breakers: BreakerInfo[] }

it('is opened by hand with a reason, refuses every call and test until its time, and is reset', async () => {
  const { run, json } = await haierProject()
  const before = await json<Listed>('breaker list')

  const tripped = await run('breaker trip haier --for 10m --reason maintenance')
  const refused = await run('sync haier-products --prices --json')
  const tested = await run('test haier')
  const table = await run('breaker')
  const listed = await json<Listed>('breaker list')
  const reset = await json<BreakerReset>('breaker reset haier')
  const again = await run('breaker reset haier')
  const after = await run('test haier')

  expect(before.breakers).toMatchObject([{ service: 'haier', state: 'closed', reason: null }])
  expect(tripped.out).toMatch(
    /^service +haier\nbreaker +open\nwhy +opened by tester: maintenance\nuntil +\d{4}-/,
  )
  expect(refused.code).toBe(5)
  expect(tested).toMatchObject({ code: 5, out: expect.stringContaining('breaker_open') })
  expect(table.out).toMatch(/haier +open .*opened by tester: maintenance/s)
  expect(listed.breakers).toMatchObject([
    { state: 'open', opened_by: 'tester', since: expect.stringMatching(/Z$/), probe: null },
  ])
  expect(reset).toMatchObject({
    changed: true,
    freed: ['the breaker was opened by tester'],
    was: { state: 'open' },
  })
  expect(again.out).toContain('nothing: it was closed already')
  expect(after.code).toBe(0)
})

it('wants a reason, and knows its services', async () => {
  const { run } = await haierProject()

  const silent = await run('breaker trip haier')
  const unknown = await run('breaker reset haierr')
  const nobody = await run('breaker trip haierr')
  const never = await run('breaker trip haier --for abc')

  expect(silent).toMatchObject({ code: 2, err: expect.stringContaining('--reason') })
  expect(unknown).toMatchObject({ code: 10, err: expect.stringContaining('haier') })
  expect(nobody).toMatchObject({ code: 10, err: expect.stringContaining('service_unknown') })
  expect(never).toMatchObject({ code: 2, err: expect.stringContaining('--for') })
})
