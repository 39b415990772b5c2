/** What ends a run before its time: the time its job is given, and an operator in another process. */
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { cancelRunNamed } from '../../app/runs.ts'
import type { RunReport } from '../../app/run.ts'
import { listRuns } from '../../store/runs.ts'
import { startChild } from '../../testing/child.ts'
import { paths, startHaierProject } from '../../testing/haier-project.ts'

const all = { prices: true, stock: true }

it('a run that takes longer than the timeout in the config has failed, and the next one goes on', async () => {
  const jobs = { 'haier-products': { timeout: '400ms' } }
  const project = await startHaierProject({ jobs })
  project.twin.faults.add({ fault: 'latency', path: paths.stock, delay_ms: 5000 })

  const report = await project.sync(all)
  project.twin.faults.clear()
  const next = await project.sync(all, { timeoutMs: 60_000 })

  expect(report).toMatchObject({
    status: 'failed',
    exit: 'deadline',
    error: { code: 'run_timeout' },
  })
  expect(report.error?.message).toContain('longer than the 400ms')
  expect(next.status).toBe('success')
  expect(project.twin.twin.stats().listing_calls).toBe(1)
})

it('a run is cancelled from another process, with who and why, and the next one goes on', async () => {
  const project = await startHaierProject({ twin: { products: 300 } })
  let reach = () => {}
  const reached = new Promise<void>((resolve) => (reach = resolve))
  let asked = 0
  project.answer(paths.stock, (payload: unknown) => {
    if (++asked === 120) {
      project.twin.faults.add({ fault: 'latency', path: paths.stock, delay_ms: 60_000 })
      reach()
    }
    return payload
  })
  const words = [dirname(project.config), JSON.stringify(all)] as const
  const child = startChild('sync-child.ts', ...words)
  await reached
  const db = await project.db()
  const [run] = await listRuns(db)

  const asking = project.open()
  const answer = await cancelRunNamed(asking, run?.id ?? '', { reason: 'wrong prices' })
  const again = await cancelRunNamed(asking, run?.id ?? '', { reason: 'another' })
  await asking.close()
  const report = JSON.parse((await child.printed(2))[1] ?? '') as RunReport
  project.twin.faults.clear()

  expect(answer).toMatchObject({ status: 'running', changed: true, pid: child.process.pid })
  expect(again).toMatchObject({ changed: false, reason: 'wrong prices' })
  expect(report).toMatchObject({
    status: 'interrupted',
    exit: 'interrupted',
    error: { code: 'run_cancelled', message: expect.stringContaining('wrong prices') },
  })
  expect(await project.sync(all)).toMatchObject({ status: 'success', resumed_from: run?.id })
  const products = await db.selectFrom('products').select('id').execute()
  expect(products).toHaveLength(300)
})
