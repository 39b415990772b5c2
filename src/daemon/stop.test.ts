import { expect, it } from 'vitest'
import { rowsIn, scheduleMissed, slowDown, startDaemon, until } from '../testing/daemon.ts'
import { haierProject, type Project } from '../testing/program.ts'

it('SIGTERM in the middle of a run: it stops at its checkpoint, and the next daemon goes on there', async () => {
  const home = await haierProject({ products: 80 })
  scheduleMissed(home, 'haier-products', '{ prices: true }')
  slowDown(home, 4)
  const daemon = await startDaemon(home)
  await until(() => runsOf(home).some(({ read }) => read > 0))

  const { code } = await daemon.stop()
  const stopped = runsOf(home)
  const next = await startDaemon(home)
  await until(() => runsOf(home)[1]?.status === 'success')
  await next.stop()

  expect(code).toBe(143)
  expect(daemon.lines().at(-1)).toMatchObject({ message: 'ended in order' })
  expect(stopped).toMatchObject([{ status: 'interrupted', trigger: 'schedule' }])
  expect(stopped[0]?.read).toBeLessThan(80)
  expect(runsOf(home)).toMatchObject([
    { status: 'interrupted' },
    { status: 'success', trigger: 'resume' },
  ])
  expect(rowsIn(home, 'select status from occurrences')).toEqual([{ status: 'success' }])
  expect(rowsIn(home, 'select count(*) as count from products')).toEqual([{ count: 80 }])
})

type Run = { id: string; status: string; trigger: string; read: number }
const runsOf = (home: Project): Run[] =>
  rowsIn<Run>(home, `select id, status, trigger, counters ->> 'read' as read from runs order by id`)

/** A daemon with a call of the outbox under way whose vendor answers late. */
async function busyDaemon(lateMs: number, words = '') {
  const home = await haierProject()
  await home.run('call supplier.getBalance --queue')
  home.twin.faults.add({ fault: 'latency', delay_ms: lateMs })
  const daemon = await startDaemon(home, words)
  const status = () => rowsIn<{ status: string }>(home, 'select status from outbox')[0]?.status
  await until(() => status() === 'sending')
  return { home, daemon, status }
}

it('a call under way may end within the grace', async () => {
  const { daemon, status } = await busyDaemon(1000)

  const { code } = await daemon.stop()

  expect(code).toBe(143)
  expect(status()).toBe('done')
  expect(daemon.lines().at(-1)).toMatchObject({ message: 'ended in order' })
})

it('what does not end within the grace is left, and told; the call is sent by the next daemon', async () => {
  const { home, daemon, status } = await busyDaemon(60_000, '--grace 300ms')

  const { code } = await daemon.stop()
  const left = status()
  home.twin.faults.clear()
  const next = await startDaemon(home)
  await until(() => status() === 'done')
  await next.stop()

  expect(code).toBe(143)
  expect(left).toBe('waiting')
  expect(daemon.lines()).toContainEqual(
    expect.objectContaining({
      message: 'left before everything had ended',
      parts: expect.stringContaining('outbox') as string,
    }),
  )
})

it('a second signal cuts off what is under way, which is told and stands in the call log', async () => {
  const { home, daemon, status } = await busyDaemon(60_000)
  daemon.process.kill('SIGTERM')
  await daemon.logged('stopping')

  const { code } = await daemon.stop('SIGINT')

  const { calls } = await home.json<{ calls: { operation: string }[] }>('logs list')
  expect(code).toBe(130)
  expect(daemon.lines()).toContainEqual(
    expect.objectContaining({
      message: 'asked again to stop: what is under way is cut off',
      parts: expect.stringContaining('outbox') as string,
    }),
  )
  expect({ status: status(), logged: calls[0]?.operation }).toEqual({
    status: 'waiting',
    logged: 'getBalance',
  })
})
