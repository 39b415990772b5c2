/** Reads the list of products while it arrives: it may hold more than fits in memory. */
import { IntegrationError, messageOf } from '../../core/errors.ts'
import { readEnvelope } from './envelope.ts'
import { rejection } from './failures.ts'
import { read } from './read.ts'
import { TheirProduct } from './schema.ts'

/** Products handed out at once. */
const batchSize = 200

/**
 * Hands out the products of a listing in batches and returns how many there were. The list comes bare or as `data` of
 * the wrapping, whose other fields may stand before or behind it: a failure may show after the first batches.
 * Throws `rejected` with the vendor's words, and `bad_response` for anything that is not a complete list.
 */
export async function readListing(
  bytes: AsyncIterable<Uint8Array>,
  emit: (products: TheirProduct[]) => Promise<void>,
): Promise<number> {
  const parser = await createListParser()
  let count = 0
  const take = async (atMost: number) => {
    while (parser.found.length >= atMost && parser.found.length > 0) {
      const batch = parser.found.splice(0, batchSize)
      const products = batch.map((one, at) => read(TheirProduct, one, `product ${count + at + 1}`))
      count += products.length
      if (!parser.envelope()?.isFailure) await emit(products)
    }
  }
  for await (const chunk of bytes) {
    orDamaged(() => parser.write(chunk))
    await take(batchSize)
  }
  orDamaged(() => parser.end())
  const envelope = parser.envelope()
  if (envelope?.isFailure) throw rejection(envelope)
  if (!parser.isList()) throw noList()
  await take(0)
  return count
}

/** Collects the members of a list at the root or in `data`, and remembers the other fields of the root. */
async function createListParser() {
  const { JSONParser } = await import('@streamparser/json')
  const parser = new JSONParser({ paths: ['$', '$.*', '$.data.*'] })
  const found: unknown[] = []
  const root: Record<string, unknown> = {}
  let isBareList = false
  parser.onValue = ({ value, key, parent, stack }) => {
    if (stack.length === 0) {
      isBareList = Array.isArray(value)
    } else if (Array.isArray(parent)) {
      found.push(value)
      parent.length = 0 // what has been handed out is not kept
    } else if (stack.length === 1) {
      root[String(key)] = value
    }
  }
  return {
    found,
    write: (chunk: Uint8Array) => parser.write(chunk),
    end: () => {
      if (!parser.isEnded) parser.end()
    },
    envelope: () => readEnvelope(root),
    isList: () => isBareList || Array.isArray(root.data),
  }
}

function orDamaged(parse: () => void): void {
  try {
    parse()
  } catch (error) {
    throw new IntegrationError({
      kind: 'bad_response',
      message: `the list of products is cut off or not JSON: ${messageOf(error)}`,
      hint: 'Nothing of it is used. Try again; if it stays so, another program may be answering at base_url.',
      cause: error,
    })
  }
}

const noList = () =>
  new IntegrationError({
    kind: 'bad_response',
    message: 'the answer holds no list of products',
    hint: 'The vendor answered without data, which is not the same as an empty list. Try again later.',
  })
