/** Fault test 11: two daemons and ten commands on one state at once. */
import { expect, it } from 'vitest'
import { rowsIn, scheduleMissed, startDaemon, until } from '../testing/daemon.ts'
import { haierProject } from '../testing/program.ts'

it('the second daemon is refused, no command finds the state busy, and nothing is lost', async () => {
  const home = await haierProject({ products: 500 })
  scheduleMissed(home, 'haier-products')
  const daemon = await startDaemon(home)
  const secrets = ['one', 'two', 'three', 'four']

  const [second, ...others] = await Promise.all([
    home.run('daemon'),
    ...secrets.map((name) => home.run(`secret set ${name}`, { stdin: `value of ${name}` })),
    ...[1, 2, 3].map(() => home.run('call supplier.getBalance --queue')),
    home.run('backup copy.db'),
    home.run('clean'),
    home.run('jobs --json'),
  ])
  await until(
    () =>
      rowsIn(home, `select 1 from outbox where status = 'done'`).length === 3 &&
      rowsIn(home, `select 1 from runs where status = 'success'`).length === 1,
  )
  const ended = await daemon.stop()

  expect(second).toMatchObject({ code: 11, out: '' })
  expect(second.err).toContain('daemon_running')
  expect(others.map(({ code }) => code)).toEqual([0, 0, 0, 0, 6, 6, 6, 0, 0, 0])
  expect(ended.code).toBe(143)
  expect(ended.err + others.map(({ err }) => err).join('')).not.toMatch(/busy|locked|SQLITE/)
  expect(
    rowsIn<{ name: string }>(home, 'select name from secrets').map(({ name }) => name),
  ).toEqual(expect.arrayContaining(secrets))
  expect(rowsIn(home, 'select count(*) as count from products')).toEqual([{ count: 500 }])
  expect(rowsIn(home, 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
})
