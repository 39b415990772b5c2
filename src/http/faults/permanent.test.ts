/** What another attempt cannot mend is not repeated; what it may mend is. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { hasOpenssl, makeCertificate } from '../../testing/certificates.ts'
import { startRawServer } from '../../testing/http.ts'
import { trialAdapter } from '../../testing/trial-adapter.ts'
import { connect } from '../../testing/vendor.ts'

const isPossible = hasOpenssl()
if (!isPossible) process.stderr.write('skipped: certificates cannot be made without openssl\n')

/** How often a call was tried, and how it ended. */
async function triesOf(base_url: string): Promise<unknown> {
  const { call, logged } = await connect(trialAdapter, { base_url, key: 'k' }, { attempts: 3 })
  const ended = await call('read', { id: '1' }).catch((error: unknown) => error)
  const { attempts } = await logged()
  return { tries: attempts.length, ended }
}

it.runIf(isPossible).each([
  ['signs itself', '127.0.0.1'],
  ['is for another host', 'other.example'],
])('a certificate that %s is looked at once', async (_, host) => {
  const { key, cert } = makeCertificate(host)
  const server = createServer({ key, cert }, (__, response) => response.end('{}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo

  expect(await triesOf(`https://127.0.0.1:${port}`)).toMatchObject({
    tries: 1,
    ended: { kind: 'config', outcome: 'not_done' },
  })
})

it('TLS to a plain port is tried once', async () => {
  const { port } = await startRawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))

  expect(await triesOf(`https://127.0.0.1:${port}`)).toMatchObject({
    tries: 1,
    ended: { kind: 'config', outcome: 'not_done' },
  })
})

it('a name that cannot be resolved is asked for again', async () => {
  expect(await triesOf('https://nothing.invalid')).toMatchObject({
    tries: 3,
    ended: { kind: 'unavailable', outcome: 'not_done' },
  })
})
