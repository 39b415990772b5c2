import { expect, it } from 'vitest'
import { rowsIn, startDaemon, until } from '../testing/daemon.ts'
import { servedProject } from '../testing/served-project.ts'

const done = `select kind, count(*) as count from outbox where status = 'done' group by kind`

const alert = ['title=Hello', 'text=there', '--yes']

it('a vendor that stalls holds up neither other kinds nor a call of its own kind that is due later', async () => {
  const home = await servedProject({ haier: 'haier', 'ops-chat': 'slack-webhook' })
  const daemon = await startDaemon(home, '--grace 200ms')
  const balance = () => home.run('call supplier.getBalance --queue')
  await balance()
  await until(() => rowsIn(home, done).length === 1) // from now on it has its token
  home.twins.haier?.faults.add({ fault: 'latency', delay_ms: 60_000, times: 2 })
  await Promise.all([balance(), balance()])
  await until(() => home.twins.haier?.faults.list().length === 0) // the vendor has both

  const told = await home.run(['call', 'alert.notify', ...alert, '--queue'])
  await balance()
  await until(() => rowsIn(home, `select 1 from outbox where status = 'done'`).length === 3)
  const { code } = await daemon.stop()

  expect({ code, told: told.code }).toEqual({ code: 143, told: 6 })
  expect(rowsIn(home, done)).toEqual([
    { kind: 'alert', count: 1 },
    { kind: 'supplier', count: 2 },
  ])
  // What was cut off at the end waits again: the next daemon sends it.
  expect(rowsIn(home, `select status from outbox where status <> 'done'`)).toEqual([
    { status: 'waiting' },
    { status: 'waiting' },
  ])
})

it('what was being sent when the daemon was killed is taken up by the next one', async () => {
  const home = await servedProject({ haier: 'haier' })
  home.twins.haier?.faults.add({ fault: 'latency', delay_ms: 60_000, times: 1 })
  await home.run('call supplier.getBalance --queue')
  const daemon = await startDaemon(home)
  await until(() => home.twins.haier?.faults.list().length === 0) // the vendor has the request
  await daemon.stop('SIGKILL')

  const next = await startDaemon(home)
  await until(() => rowsIn(home, done).length === 1)
  await next.stop()

  expect(rowsIn(home, done)).toEqual([{ kind: 'supplier', count: 1 }])
})
