import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { type Certificate, hasOpenssl, makeCertificate } from '../testing/certificates.ts'
import { failureOf, plantedHttp, plantedRequest, startRawServer } from '../testing/http.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { connect } from '../testing/vendor.ts'

const isPossible = hasOpenssl()
if (!isPossible) process.stderr.write('skipped: certificates cannot be made without openssl\n')

async function startTls({ key, cert }: Certificate): Promise<number> {
  const server = createServer({ key, cert }, (_, response) => response.end('{}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

it.runIf(isPossible).each([
  ['signs itself', '127.0.0.1', {}],
  ['is for another host', 'other.example', {}],
])('a certificate that %s ends the call for good', async (_, host, options) => {
  const port = await startTls(makeCertificate(host, options))

  const error = await failureOf(plantedHttp(`https://127.0.0.1:${port}`).json(plantedRequest))

  expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
  expect(error.message).toBe('the TLS connection was not accepted')
})

it.runIf(isPossible)(
  'a certificate that has expired is the vendor’s trouble, and lasts',
  async () => {
    const port = await startTls(makeCertificate('127.0.0.1', { expired: true }))
    const config = { base_url: `https://127.0.0.1:${port}`, key: 'k' }
    const { call, logged } = await connect(trialAdapter, config)

    const error = await failureOf(call('read', { id: '1' }))

    expect(error).toMatchObject({ kind: 'unavailable', outcome: 'not_done' })
    expect((await logged()).attempts).toHaveLength(1)
  },
)

it('TLS to a plain port ends the call for good', async () => {
  const { port } = await startRawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))

  const error = await failureOf(plantedHttp(`https://127.0.0.1:${port}`).json(plantedRequest))

  expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
})

it.runIf(isPossible)('plain HTTP to a TLS port fails', async () => {
  const port = await startTls(makeCertificate('127.0.0.1'))

  const error = await failureOf(plantedHttp(`http://127.0.0.1:${port}`).json(plantedRequest))

  expect(error).toMatchObject({ outcome: 'unknown' })
})
