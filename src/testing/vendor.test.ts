import { expect, it } from 'vitest'
import { startVendor } from './vendor.ts'

it('plays its replies in order and remembers what it was asked', async () => {
  const vendor = await startVendor({ json: { n: 1 } }, { status: 503, text: 'busy' })

  const first = await fetch(`${vendor.url}/a?b=c`, { method: 'POST', body: '{"x":1}' })
  const second = await fetch(`${vendor.url}/d`)

  expect([await first.json(), second.status]).toEqual([{ n: 1 }, 503])
  expect(vendor.received).toMatchObject([
    { method: 'POST', url: '/a?b=c', json: { x: 1 } },
    { method: 'GET', url: '/d' },
  ])
})

it.fails('fails the test on a request nobody prepared', async () => {
  const vendor = await startVendor()

  expect((await fetch(vendor.url)).status).toBe(418)
})
