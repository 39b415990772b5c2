/** Fault test 4: processes that are stopped (SIGSTOP) in the middle of a run, or of a transaction, and woken later. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import type { RunReport } from '../../app/run.ts'
import { systemClock } from '../../core/clock.ts'
import { getRun, listRuns } from '../../store/runs.ts'
import { interruptDeadRuns } from '../../store/start-run.ts'
import { type Child, startChild } from '../../testing/child.ts'
import { type HaierProject, paths, startHaierProject } from '../../testing/haier-project.ts'

const isLong = process.env.CARAVAN_FAULTS === 'long'
const all = { prices: true, stock: true }

const childOf = (project: HaierProject): Child =>
  startChild('sync-child.ts', dirname(project.config), JSON.stringify(all))

const reportOf = async (child: Child): Promise<RunReport> =>
  JSON.parse((await child.printed(2))[1] ?? '') as RunReport

/** Resolves once so many products were asked for. */
const askedFor = (project: HaierProject, products: number): Promise<void> =>
  new Promise((resolve) => {
    let asked = 0
    project.answer(paths.stock, (payload: unknown) => {
      if (++asked === products) resolve()
      return payload
    })
  })

/** The signal is on its way when `kill` returns. */
async function stop({ process: { pid } }: Child): Promise<void> {
  process.kill(pid!, 'SIGSTOP')
  while (!/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await systemClock.sleep(5)
}

it('is taken over once its lease is over, and saves nothing when it is woken', async () => {
  // More than both take, so that the second need not wait until the places of the first are free.
  const service = { rate_limit: { per_second: 5000, concurrent: 200 } }
  const project = await startHaierProject({ twin: { products: 200 }, service })
  const half = askedFor(project, 100)
  const child = childOf(project)
  await half
  await stop(child)
  const db = await project.db()
  const [first] = await listRuns(db)

  await expect(project.sync(all)).rejects.toMatchObject({ code: 'job_running' })

  // As if it had been stopped for longer than its lease lasts.
  const before = { lease_until: systemClock.now().toISOString() }
  await db.updateTable('runs').set(before).execute()
  expect(await interruptDeadRuns(db, systemClock.now())).toEqual([]) // nobody has wanted its job yet
  const report = await project.sync(all)
  const known = await db.selectFrom('products').selectAll().orderBy('id').execute()
  child.process.kill('SIGCONT')
  const woken = await reportOf(child)

  expect(report).toMatchObject({ status: 'success', resumed_from: first?.id })
  expect(woken).toMatchObject({ run: first?.id, status: 'interrupted', exit: 'locked' })
  expect(woken.error?.code).toBe('job_running')
  expect(await getRun(db, first?.id ?? '')).toMatchObject({
    status: 'interrupted',
    error: { message: expect.stringContaining('was stopped and lost its lease') },
  })
  expect(known).toHaveLength(200)
  expect(await db.selectFrom('products').selectAll().orderBy('id').execute()).toEqual(known)
  expect(await listRuns(db)).toHaveLength(2)
})

it('keeps its run when it is woken before anybody wanted the job', async () => {
  const project = await startHaierProject({ twin: { products: 300 } })
  const half = askedFor(project, 150)
  const child = childOf(project)
  await half
  await stop(child)
  const db = await project.db()
  await db.updateTable('runs').set({ lease_until: systemClock.now().toISOString() }).execute()

  child.process.kill('SIGCONT')

  expect(await reportOf(child)).toMatchObject({ status: 'success', counters: { created: 300 } })
})

it.runIf(isLong)(
  'waits out a writer that is stopped within its transaction',
  async () => {
    const project = await startHaierProject({ twin: { products: 600 } })
    const half = askedFor(project, 250)
    const child = childOf(project)
    await half
    const writer = startChild('holding-child.ts', project.state)
    await writer.printed(1)
    await stop(writer)

    await systemClock.sleep(12_000) // SQLite itself waits for five seconds
    writer.process.kill('SIGCONT')

    expect(await reportOf(child)).toMatchObject({ status: 'success', counters: { created: 600 } })
    const held = (await project.db()).selectFrom('meta').select('value').where('key', '=', 'held')
    expect(await held.execute()).toEqual([{ value: 'yes' }])
  },
  60_000,
)
