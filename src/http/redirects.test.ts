/** Redirects are followed where the config says so, for reading, and carry nothing across. */
import { describe, expect, it } from 'vitest'
import { failureOf, plantedHttp, startRawServer } from '../testing/http.ts'
import { type PreparedReply, startVendor } from '../testing/vendor.ts'
import { nextRequest } from './redirects.ts'

const to = (location: string, status = 302): PreparedReply => ({ status, headers: { location } })
const read = { method: 'GET', url: '/file', headers: { 'x-api-key': 'planted-body-92' } } as const

describe('an origin that is listed', () => {
  it('is asked, without authorization, cookie or any header of the service', async () => {
    const files = await startVendor({ json: { a: 1 } })
    const vendor = await startVendor(to(`${files.url}/real?part=1`))
    const http = plantedHttp(vendor.url, { allowRedirectsTo: [files.url] })

    const answer = await http.json({ ...read, headers: { ...read.headers, cookie: 'c=1' } })

    expect(answer).toEqual({ a: 1 })
    expect(files.received).toMatchObject([{ method: 'GET', url: '/real?part=1' }])
    const sent = Object.keys(files.received[0]?.headers ?? {})
    expect(sent.filter((name) => /authorization|cookie|x-/.test(name))).toEqual([])
    expect(JSON.stringify(files.received)).not.toContain('planted')
  })

  it('that is the own one is given the headers again', async () => {
    const vendor = await startVendor(to('/there', 307), { json: {} })
    const http = plantedHttp(vendor.url, { allowRedirectsTo: [vendor.url] })

    await http.json(read)

    expect(vendor.received[1]).toMatchObject({
      url: '/there',
      headers: { authorization: 'Bearer planted-bearer-91', 'x-api-key': 'planted-body-92' },
    })
  })

  it.each([301, 302, 303, 307, 308])(
    'is not sent what would change something (%i)',
    async (status) => {
      const files = await startVendor()
      const vendor = await startVendor(to(files.url, status))
      const http = plantedHttp(vendor.url, { allowRedirectsTo: [files.url] })

      const error = await failureOf(http.json({ method: 'POST', url: '/pay', json: { a: 1 } }))

      expect(error).toMatchObject({ kind: 'config', outcome: 'not_done', status })
      expect(files.received).toEqual([])
    },
  )

  it('is asked five times at most', async () => {
    const vendor = await startVendor(Array.from({ length: 6 }, () => to('/file')))
    const http = plantedHttp(vendor.url, { allowRedirectsTo: [vendor.url] })

    const error = await failureOf(http.json(read))

    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
    expect(error.message).toBe('the vendor redirects more than 5 times')
    expect(vendor.received).toHaveLength(6)
  })

  it('is under the one deadline of the request', async () => {
    const vendor = await startVendor(to('/slow'), () => undefined)
    const http = plantedHttp(vendor.url, { allowRedirectsTo: [vendor.url], timeoutMs: 200 })

    expect(await failureOf(http.json(read))).toMatchObject({ kind: 'timeout' })
  })
})

it('one that is not listed is not asked, though another is', async () => {
  const other = await startVendor()
  const vendor = await startVendor(to(other.url))
  const http = plantedHttp(vendor.url, { allowRedirectsTo: ['https://files.example.com'] })

  expect(await failureOf(http.json(read))).toMatchObject({ kind: 'config', status: 302 })
  expect(other.received).toEqual([])
})

describe('of a service on the internet', () => {
  it('an address on this machine is not asked, though it is listed', async () => {
    const inner = await startVendor()
    const origin = inner.url.replace('http:', 'https:')
    const away = `HTTP/1.1 302 Found\r\nlocation: ${origin}/\r\ncontent-length: 0\r\n\r\n`
    const proxy = await startRawServer((socket) => void socket.write(away))
    const options = { proxy: proxy.url, allowRedirectsTo: [origin] }

    const error = await failureOf(plantedHttp('http://api.example.com', options).json(read))

    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done', code: 'address_private' })
    expect(inner.received).toEqual([])
  })

  const request = {
    method: 'GET',
    url: new URL('https://api.example.com/file'),
    headers: { accept: 'text/csv', authorization: 'Bearer x' },
    body: new Uint8Array(),
  }
  const follow = (location: string, ...allowed: string[]) =>
    nextRequest(request, { status: 302, location }, { allowed, hops: 0, isLocal: false })

  it('plain http is not followed, nor a file, nor an address with a password', () => {
    expect(follow('http://files.example.com/a', 'http://files.example.com')).toBeUndefined()
    expect(follow('file:///etc/passwd', 'null', 'file://')).toBeUndefined()
    expect(follow('https://u:p@files.example.com/a', 'https://files.example.com')).toBeUndefined()
    expect(follow('https://files.example.com/a', 'https://files.example.com')).toMatchObject({
      headers: { accept: 'text/csv' },
    })
  })
})
