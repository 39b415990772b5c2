/** Vendors that are slow, silent, half-open, garbage or cut: every call ends in time, and the breaker opens for them alone. */
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { IntegrationError } from '../../core/errors.ts'
import { startRawServer } from '../../testing/http.ts'
import { memoryState } from '../../testing/state.ts'
import { trialAdapter } from '../../testing/trial-adapter.ts'
import { connect, startVendor } from '../../testing/vendor.ts'

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const timeoutMs = 200

const misbehaviours: [name: string, kind: string, onData: (socket: Socket) => void][] = [
  ['never answers', 'timeout', () => undefined],
  [
    'stalls after its headers',
    'timeout',
    (socket) => socket.write(`${head}content-length: 9\r\n\r\n`),
  ],
  [
    'drips its body for ever',
    'timeout',
    (socket) => {
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n`)
      const drip = setInterval(() => socket.write('1\r\na\r\n'), 20)
      socket.on('close', () => clearInterval(drip))
    },
  ],
  [
    'drips its headers for ever',
    'timeout',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const drip = setInterval(() => socket.write('x-a: 1\r\n'), 20)
      socket.on('close', () => clearInterval(drip))
    },
  ],
  ['resets', 'unavailable', (socket) => socket.resetAndDestroy()],
  ['closes its half of the connection', 'unavailable', (socket) => socket.end()],
  ['answers garbage', 'bad_response', (socket) => socket.end('\u0000\u0001 what?\r\n\r\n')],
  [
    'answers with a short body',
    'unavailable',
    (socket) => socket.end(`${head}content-length: 99\r\n\r\n{`),
  ],
]

describe.each(misbehaviours)('a vendor that %s', (_, kind, onData) => {
  it('is given up within the timeout, then left alone, and disturbs no other service', async () => {
    const db = await memoryState()
    const { url, sockets } = await startRawServer(onData)
    const guards = { timeoutMs, attempts: 1, breaker: { failures: 3, openForMs: 60_000 }, db }
    const sick = await connect(trialAdapter, { base_url: url, key: 'k' }, guards)
    const vendor = await startVendor(Array.from({ length: 5 }, () => ({ json: { ok: true } })))
    const well = await connect(
      trialAdapter,
      { base_url: vendor.url, key: 'k' },
      { db, name: 'other' },
    )

    const ends: string[] = []
    for (let n = 0; n < 5; n++) {
      const error: unknown = await sick.call('read', { id: '1' }).catch((thrown: unknown) => thrown)
      if (!(error instanceof IntegrationError)) throw error
      ends.push(error.code ?? error.kind)
      expect(await well.call('read', { id: '1' })).toEqual({ ok: true })
    }

    // What ends by its own deadline is told as a timeout: nothing here waits longer, or the test would not end.
    const { attempts } = await sick.logged()
    expect(attempts.map(({ error_kind }) => error_kind)).toEqual([kind, kind, kind])
    expect(ends.slice(3)).toEqual(['breaker_open', 'breaker_open'])
    await expect.poll(() => sockets.size).toBe(0)
  })
})
