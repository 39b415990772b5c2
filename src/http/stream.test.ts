import { describe, expect, it } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { failureOf, plantedHttp, plantedRequest, startRawServer } from '../testing/http.ts'
import { startVendor } from '../testing/vendor.ts'

const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const get = { method: 'GET', url: '/list' } as const

async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('stream', () => {
  it('hands out the body as it comes and logs the exchange at its end', async () => {
    const vendor = await startVendor({ text: 'a long list' })
    const http = plantedHttp(vendor.url)

    const { bytes } = await http.stream(get)
    expect(http.exchanges).toEqual([])

    expect(await readAll(bytes)).toBe('a long list')
    expect(http.exchanges).toMatchObject([{ status: 200, responseBytes: 11, error: undefined }])
  })

  it('throws when the connection breaks in the middle', async () => {
    const { url } = await startRawServer((socket) => {
      socket.write(`${head}3\r\nabc\r\n`)
      void systemClock.sleep(50).then(() => socket.resetAndDestroy()) // the first chunk is read by then
    })
    const http = plantedHttp(url)

    const error = await failureOf(http.stream(get).then(({ bytes }) => readAll(bytes)))

    expect(error).toMatchObject({ kind: 'unavailable', outcome: 'unknown' })
    expect(http.exchanges).toMatchObject([{ responseBytes: 3, error: { kind: 'unavailable' } }])
  })

  it('is under the deadline of its request', async () => {
    const { url } = await startRawServer((socket) => socket.write(`${head}3\r\nabc\r\n`))

    const error = await failureOf(
      plantedHttp(url, { timeoutMs: 150 })
        .stream(get)
        .then(({ bytes }) => readAll(bytes)),
    )

    expect(error).toMatchObject({ kind: 'timeout' })
  })

  it('closes the connection when its reader stops', async () => {
    const { url, sockets } = await startRawServer((socket) => socket.write(`${head}3\r\nabc\r\n`))
    const http = plantedHttp(url)

    const { bytes } = await http.stream(get)
    for await (const chunk of bytes) {
      expect(chunk).toHaveLength(3)
      break
    }

    await expect.poll(() => sockets.size).toBe(0)
    expect(http.exchanges).toHaveLength(1)
  })

  it('is closed and logged once when nobody ever reads it', async () => {
    const { url, sockets } = await startRawServer((socket) => socket.write(`${head}3\r\nabc\r\n`))
    const http = plantedHttp(url)
    await http.stream(get)

    http.close()
    http.close()

    await expect.poll(() => sockets.size).toBe(0)
    expect(http.exchanges).toMatchObject([{ error: { kind: 'cancelled' } }])
    expect(await failureOf(http.json(get))).toMatchObject({
      kind: 'cancelled',
      outcome: 'not_done',
    })
  })

  it('reads a failure whole', async () => {
    const vendor = await startVendor({ status: 503, text: 'busy' })
    const http = plantedHttp(vendor.url)

    expect(await failureOf(http.stream(plantedRequest))).toMatchObject({ status: 503 })
    expect(http.exchanges).toMatchObject([{ excerpt: 'busy' }])
  })

  it('an empty 304 is an empty stream', async () => {
    const vendor = await startVendor({ status: 304 })

    const { bytes } = await plantedHttp(vendor.url).stream(get)

    expect(await readAll(bytes)).toBe('')
  })
})
