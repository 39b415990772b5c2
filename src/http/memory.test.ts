import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { startChild } from '../testing/child.ts'
import { type PreparedReply, startVendor } from '../testing/vendor.ts'

const bomb: PreparedReply = {
  bytes: gzipSync(Buffer.alloc(200_000_000, 'a')),
  headers: { 'content-encoding': 'gzip' },
}

const endless: PreparedReply = (_, response) => {
  const chunk = Buffer.alloc(65_536, 'a')
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', pour)
  pour()
}

it.each([
  ['a compressed bomb of 200 MB', bomb],
  ['an endless answer', endless],
])('%s ends at the limit and does not fill the memory', async (_, reply) => {
  const vendor = await startVendor({ text: 'small' }, reply)

  const [line = ''] = await startChild('http-child.ts', vendor.url).printed(1)

  const { end, grownMb } = JSON.parse(line) as { end: string; grownMb: number }
  expect(end).toBe('the answer is larger than the limit of 10485760 bytes')
  expect(grownMb).toBeLessThan(50)
})
