import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { listSchedules, saveSchedules } from '../../store/schedules.ts'
import { memoryState } from '../../testing/state.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { planAll, syncSchedules } from './plan.ts'

it('what another process has planned meanwhile stays as it is: it owes what came due since', async () => {
  const db = await memoryState()
  const jobs = Array.from({ length: 1000 }, (_, index) => jobOf(`job-${index}`))
  const specs = jobs.map(({ id }) => [id, '* * * * * UTC'] as const)
  const { plans } = await planAll(specs, new Date('2026-03-01T12:00:00.500Z'))

  const synced = syncSchedules(db, jobs, () => new Date('2026-03-01T12:05:00.500Z'))
  await turn() // it has looked, and plans
  await saveSchedules(db, plans)
  const { planned } = await synced

  const next = [...(await listSchedules(db)).values()].map(({ nextDueAt }) => nextDueAt)
  expect(new Set(next)).toEqual(new Set(['2026-03-01T12:01:00.000Z']))
  expect(planned).toEqual([])
})

const jobOf = (id: string): ScheduledJob => ({
  id,
  schedule: '* * * * *',
  timezone: 'UTC',
  overlap: 'skip',
  missed: 'run_once',
  jitterMs: 0,
  run: () => Promise.reject(new Error('not asked for')),
})
