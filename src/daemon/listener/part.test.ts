import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { readStatus } from '../../app/status.ts'
import { latestDaemon } from '../../store/daemons.ts'
import { createTestClock } from '../../testing/clock.ts'
import { startListener } from '../../testing/listener.ts'
import { project } from '../../testing/program.ts'

const portOf = (server: Server) => (server.address() as { port: number }).port

async function occupied(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return server
}

const refused = (url: string) =>
  fetch(url, { headers: { connection: 'close' } }).then(
    () => 'answered',
    () => 'refused',
  )

it('is off when the config names no address', async () => {
  const listener = await startListener(await project(), { config: '' })

  expect(await latestDaemon(listener.context.db)).toMatchObject({ listensAt: null })
  expect(listener.lines).toEqual([])
})

it('follows the address in the config, and goes when it is taken out', async () => {
  const made = await project()
  const listener = await startListener(made)
  const first = await listener.url()
  const holder = await occupied()
  const port = portOf(holder)
  holder.close()
  await once(holder, 'close')

  await listener.change(/^listen: .*$/m, `listen: 127.0.0.1:${port}`)
  await listener.part.pass()
  const second = await listener.url()
  const moved = [await refused(`${first}/healthz`), await refused(`${second}/healthz`)]
  await listener.change(/^listen: .*$/m, `listen: 0.0.0.0:${port}`)
  await listener.part.pass()
  const wide = await refused(`http://127.0.0.1:${port}/healthz`)
  await listener.change(/^listen: .*$/m, '')
  await listener.part.pass()

  expect(second).toBe(`http://127.0.0.1:${port}`)
  expect(moved).toEqual(['refused', 'answered'])
  expect(wide).toBe('answered')
  expect(await refused(`http://127.0.0.1:${port}/healthz`)).toBe('refused')
  const warnings = listener.lines.filter(({ message }) => message.includes('not encrypted'))
  expect(warnings).toMatchObject([{ level: 'warn' }])
})

it('says who is in the way, and comes when the address is free', async () => {
  const other = await occupied()
  const made = await project()
  const config = `listen: 127.0.0.1:${portOf(other)}\n`

  const listener = await startListener(made, { config, isHeld: true })
  const met = await listener.part.pass().catch((error: unknown) => error)
  const told = await latestDaemon(listener.context.db)
  other.close()
  await once(other, 'close')
  await listener.part.pass()

  expect(met).toMatchObject({
    code: 'listen_failed',
    message: expect.stringContaining('another program'),
  })
  expect(told?.listenError).toContain('another program listens there')
  expect(await latestDaemon(listener.context.db)).toMatchObject({ listenError: null })
  expect((await listener.ask('/healthz')).status).toBe(503)
})

it('keeps the former address while the new one cannot be had', async () => {
  const other = await occupied()
  const listener = await startListener(await project())
  const first = await listener.url()

  await listener.change(/^listen: .*$/m, `listen: 127.0.0.1:${portOf(other)}`)
  const met = await listener.part.pass().catch((error: unknown) => error)

  expect(met).toMatchObject({ code: 'listen_failed' })
  expect(await listener.url()).toBe(first)
  expect(await refused(`${first}/healthz`)).toBe('answered')
  const { daemon } = await readStatus(listener.app)
  expect(daemon?.listen_error).toContain('another program listens there')

  await listener.change(/^listen: .*$/m, '')
  await listener.part.pass()
  expect(await latestDaemon(listener.context.db)).toMatchObject({
    listensAt: null,
    listenError: null,
  })
})

/** A webhook of three bytes whose body is not sent yet; the listener has begun to read it. */
async function halfSent(port: number): Promise<{ socket: Socket; back(): string }> {
  const socket = connect(port, '127.0.0.1')
  let back = ''
  socket.setEncoding('latin1').on('data', (text: string) => (back += text))
  socket.on('error', () => undefined)
  socket.write(
    'POST /hooks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n',
  )
  while (!back.includes('100 Continue')) await once(socket, 'data')
  return { socket, back: () => back }
}

it('answers what is under way before it stops, and takes nothing new', async () => {
  const listener = await startListener(await project())
  const url = await listener.url()
  const { socket, back } = await halfSent(await listener.port())

  const stopped = listener.stop()
  while ((await refused(`${url}/healthz`)) !== 'refused');
  socket.write('abc')
  await once(socket, 'close')
  await stopped

  expect(back()).toContain('HTTP/1.1 404 Not Found')
  expect(await latestDaemon(listener.context.db)).toMatchObject({ listensAt: null })
})

it('waits for a request no longer than its grace', async () => {
  const clock = createTestClock()
  const listener = await startListener(await project(), { clock })
  const { socket, back } = await halfSent(await listener.port())

  const stopped = listener.stop()
  await clock.untilSleeping(10_000)
  await clock.advance(10_000)
  await stopped
  if (!socket.closed) await once(socket, 'close')

  expect(back()).not.toContain('404')
  expect(listener.lines.map(({ message }) => message)).toContain(
    'the listener was closed while requests were under way',
  )
})
