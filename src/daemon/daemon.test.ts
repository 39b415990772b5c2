import { expect, it } from 'vitest'
import { chmodSync } from 'node:fs'
import { startDaemon, until } from '../testing/daemon.ts'
import { project } from '../testing/program.ts'

it('begins, says when it is ready, is seen by --ping, and ends in order on SIGTERM', async () => {
  const home = await project()
  const daemon = await startDaemon(home)
  await daemon.logged('ready')

  const ping = await home.json('daemon --ping')
  const { code, out } = await daemon.stop()
  const after = await home.run('daemon --ping')

  expect(ping).toMatchObject({ pid: daemon.process.pid, config_error: null })
  expect({ code, out }).toEqual({ code: 143, out: '' })
  expect(daemon.lines().at(-1)).toMatchObject({ level: 'info', message: 'ended in order' })
  expect(after).toMatchObject({ code: 1 })
  expect(after.err).toContain('no daemon works on this state; the last one was heard of at ')
})

it('a second daemon is refused and told which one is there; after a kill the next one begins at once', async () => {
  const home = await project()
  const first = await startDaemon(home)

  const second = await home.run('daemon')
  expect(second.code).toBe(11)
  expect(second.err).toContain(`process ${first.process.pid} on `)

  await first.stop('SIGKILL')
  const third = await startDaemon(home)
  await third.logged('ready')
  expect((await third.stop('SIGINT')).code).toBe(130)
})

it('text on request, and nothing but the log on either stream', async () => {
  const home = await project()
  const daemon = home.start('daemon --log-format text --utc')
  await daemon.prints('ready')
  daemon.process.kill('SIGTERM')
  const { out, err } = await daemon.ended

  expect(out).toBe('')
  for (const line of err.trim().split('\n')) {
    expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC (info |warn |error) \S/)
  }
})

it('goes on when nobody reads its log any more', async () => {
  const home = await project()
  const daemon = await startDaemon(home)
  await daemon.logged('ready')
  daemon.process.stderr?.destroy()
  for (const _ of [1, 2, 3]) {
    daemon.process.kill('SIGHUP')
    await home.json('daemon --ping')
  }

  expect(await home.json('daemon --ping')).toMatchObject({ pid: daemon.process.pid })
  daemon.process.kill('SIGTERM')
  expect((await daemon.ended).code).toBe(143)
})

it('systemd is told when it is ready, that it lives, that it reads the config anew, and that it stops', async () => {
  const home = await project()
  // Stands in for systemd's own program, and writes down what it is given.
  home.write('systemd-notify', `#!/bin/sh\necho "$@" >> "$NOTIFY_SOCKET"\n`)
  chmodSync(home.file('systemd-notify'), 0o755)
  const daemon = await startDaemon(home, '', {
    env: {
      PATH: `${home.folder}:${process.env.PATH}`,
      NOTIFY_SOCKET: home.file('told'),
      WATCHDOG_USEC: '2000000',
    },
  })
  const told = () => home.read('told').trim().split('\n')
  await daemon.logged('ready')
  await until(() => told().filter((line) => line === 'WATCHDOG=1').length > 3)

  daemon.process.kill('SIGHUP')
  await until(() => told().some((line) => line.startsWith('RELOADING=1')))
  await until(() => told().filter((line) => line === 'READY=1').length === 2)
  await daemon.stop()

  expect(told()[0]).toBe('READY=1')
  expect(told().at(-1)).toBe('STOPPING=1')
})
