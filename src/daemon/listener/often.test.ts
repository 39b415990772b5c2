import { expect, it } from 'vitest'
import { refusedHooks } from '../../app/hooks/refused.ts'
import { createTestClock } from '../../testing/clock.ts'
import { startListener } from '../../testing/listener.ts'
import { project } from '../../testing/program.ts'

it('a webhook that is refused is one line, and a thousand of them are two', async () => {
  const clock = createTestClock()
  const listener = await startListener(await project(), { clock })
  const send = (service: string) => listener.ask(`/hooks/${service}`, { body: 'x' })
  const warned = () => listener.lines.filter(({ level }) => level === 'warn')
  const before = refusedHooks().get('') ?? 0

  for (let count = 0; count < 30; count++) await send('nobody')
  await send('no-one')
  const at_once = warned()
  await clock.advance(60_000)

  const why = 'no such service takes webhooks'
  expect(at_once).toMatchObject([
    { service: 'nobody', why, from: '127.0.0.1', correlation: expect.any(String) },
    { service: 'no-one', why },
  ])
  expect(warned().slice(2)).toMatchObject([
    { message: 'a webhook was refused, and again within a minute', service: 'nobody', count: 29 },
  ])
  expect((refusedHooks().get('') ?? 0) - before).toBe(31)
  const metrics = await listener.ask('/metrics')
  expect(metrics.text).toMatch(/^caravan_hooks_refused_total\{service=""\} \d+$/m)
})

it('a flood of names is not a flood of lines', async () => {
  const clock = createTestClock()
  const listener = await startListener(await project(), { clock })

  for (let count = 0; count < 150; count++) await listener.ask(`/hooks/n-${count}`, { body: 'x' })
  await clock.advance(60_000)

  expect(listener.lines.filter(({ level }) => level === 'warn')).toHaveLength(102)
  expect(listener.lines.at(-1)).toMatchObject({ why: 'several reasons', count: 49 })
})

it('a client that errs is told of with the code it was answered and what it had named', async () => {
  const listener = await startListener(await project())
  const token = await listener.token('call')

  await listener.ask('/jobs/nothing/run', { token, json: {} })

  expect(listener.lines.at(-1)).toMatchObject({
    level: 'warn',
    message: 'POST /jobs/:id/run: 404',
    id: 'nothing',
    code: 'job_unknown',
  })
})
