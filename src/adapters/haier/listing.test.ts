import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { readListing } from './listing.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function usedBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const encoder = new TextEncoder()

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = encoder.encode(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function readAll(text: string, size = 7) {
  const codes: string[] = []
  const batches: number[] = []
  const count = await readListing(inPieces(text, size), async (products) => {
    batches.push(products.length)
    codes.push(...products.map((product) => product.productCode))
  })
  return { codes, batches, count }
}

const list = '[{"productCode":"A","productModel":"冰箱"},{"productCode":"B"}]'

it.each([
  ['bare', list],
  ['bare after blanks', ` \n${list}\n`],
  ['wrapped', `{"success":true,"code":200,"message":"ok","data":${list}}`],
  ['wrapped, data first', `{"data":${list},"msg":"ok","code":"0","success":true}`],
  ['wrapped, without success', `{"code":"success","data":${list},"message":"ok"}`],
  ['wrapped, with other lists', `{"success":true,"errors":["x"],"data":${list},"page":{"a":[1]}}`],
])('reads a list that is %s, however it is cut', async (_, text) => {
  for (const size of [1, 2, 5, 64, 4096]) {
    expect(await readAll(text, size)).toMatchObject({ codes: ['A', 'B'], count: 2 })
  }
})

it('keeps nothing of what it has handed out', async () => {
  const products = 40_000
  const page = async function* () {
    for (let at = 0; at < products; at++) {
      const pictures = Array.from({ length: 20 }, (_, n) => `https://img.example.cn/${at}/${n}.jpg`)
      const product = JSON.stringify({ productCode: `P${at}`, productLageUrls: pictures })
      yield encoder.encode(`${at === 0 ? '{"data":[' : ','}${product}`)
    }
    yield encoder.encode('],"success":true}')
  }
  const before = usedBytes()
  let seen = 0
  let grownBytes = 0

  await readListing(page(), async (batch) => {
    seen += batch.length
    if (seen === products) grownBytes = usedBytes() - before
  })

  expect(seen).toBe(products)
  expect(grownBytes).toBeLessThan(10_000_000) // kept, they would be about 60 MB
})

it('hands out 200 at a time', async () => {
  const many = Array.from({ length: 1000 }, (_, at) => ({ productCode: `P${at}` }))

  const { batches, count } = await readAll(JSON.stringify(many), 16_384)

  expect(count).toBe(1000)
  expect(Math.max(...batches)).toBe(200)
})

it.each([
  ['[]', 0],
  ['{"success":true,"data":[]}', 0],
])('takes %s for an empty list', async (text, count) => {
  expect(await readAll(text)).toEqual({ codes: [], batches: [], count })
})

it.each([
  ['null'],
  ['{}'],
  ['""'],
  ['{"success":true,"data":null}'],
  ['{"success":true,"code":200,"message":"ok"}'],
  ['{"success":true,"data":{"productCode":"A"}}'],
  ['{"success":true,"data":"none"}'],
])('does not take %s for an empty list', async (text) => {
  await expect(readAll(text)).rejects.toMatchObject({
    kind: 'bad_response',
    message: 'the answer holds no list of products',
  })
})

it('does not take a cut list for a whole one, wherever it is cut', async () => {
  const whole = `{"success":true,"data":${list}}`
  for (let end = 0; end < whole.length; end++) {
    await expect(readAll(whole.slice(0, end))).rejects.toMatchObject({ kind: 'bad_response' })
  }
  for (let end = 0; end < list.length; end++) {
    await expect(readAll(list.slice(0, end))).rejects.toMatchObject({ kind: 'bad_response' })
  }
})

it.each([
  ['text behind the list', `${list} x`],
  ['HTML', '<!doctype html><html></html>'],
  ['a product without a code', '[{"productModel":"EC6001-HT3"}]'],
  ['a product that is none', '[1]'],
])('refuses %s', async (_, text) => {
  await expect(readAll(text)).rejects.toMatchObject({ kind: 'bad_response' })
})

it('refuses bytes that are not UTF-8', async () => {
  const gbk = async function* () {
    yield Buffer.concat([
      Buffer.from('[{"productCode":"'),
      Buffer.from([0xb1, 0xf9]),
      Buffer.from('"}]'),
    ])
  }

  await expect(readListing(gbk(), async () => undefined)).rejects.toMatchObject({
    kind: 'bad_response',
  })
})

it.each([
  ['{"success":false,"code":"E1","message":"账号冻结","data":null}'],
  ['{"data":[{"productCode":"A"}],"msg":"账号冻结","code":"E1","success":false}'],
  ['{"code":"E1","msg":"账号冻结","data":[]}'],
])('is rejected in the vendor’s words: %s', async (text) => {
  await expect(readAll(text)).rejects.toMatchObject({
    kind: 'rejected',
    message: '账号冻结',
    code: 'E1',
  })
})

it('passes on what breaks the connection', async () => {
  const broken = async function* () {
    yield encoder.encode('[{"productCode":"A"},')
    throw new Error('reset')
  }

  await expect(readListing(broken(), async () => undefined)).rejects.toThrow('reset')
})
