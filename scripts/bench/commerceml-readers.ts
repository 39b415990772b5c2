/**
 * Reads a catalogue with one of three readers and prints what came of it as a line of JSON. Arguments: the reader, the
 * file, and the folder whose packages are used.
 */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { readCommercemlFile } from '../../src/formats/commerceml/read.ts'

type ImportParser = { onProduct(take: () => void): void; parse(stream: Readable): Promise<void> }
type ProductStream = NodeJS.WritableStream & {
  on(event: 'product', take: () => void): ProductStream
}

const [which = 'caravan', file = '', folder = '.'] = process.argv.slice(2)
const require = createRequire(path.join(folder, 'package.json'))

const readers: Record<string, (count: () => void) => Promise<void>> = {
  async caravan(count) {
    for await (const batch of readCommercemlFile(file)) {
      for (const record of batch) if (record.type === 'product') count()
    }
  },
  async 'commerceml-parser'(count) {
    const { CommerceMlImportParser } = require('commerceml-parser') as {
      CommerceMlImportParser: new () => ImportParser
    }
    const parser = new CommerceMlImportParser()
    parser.onProduct(count)
    await parser.parse(createReadStream(file))
  },
  async 'commerceml-js'(count) {
    const { createStream } = require('commerceml-js') as {
      createStream(type: 'import'): ProductStream
    }
    const stream = createStream('import').on('product', count)
    await once(createReadStream(file).pipe(stream), 'end') // it never finishes as streams do, it ends
  },
}

let products = 0
let failure: string | undefined
try {
  await readers[which]?.(() => products++)
} catch (error) {
  failure = String(error)
}
const rssMb = process.resourceUsage().maxRSS / 1024
console.log(JSON.stringify({ products, rssMb, failure }))
