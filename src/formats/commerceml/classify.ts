import { CaravanError } from '../../core/errors.ts'
import { readCommerceml } from './read.ts'
import type { ReadOptions } from './read.ts'
import type { CommerceOffer, CommerceRecord } from './records.ts'
import type { CommerceSource } from './sources.ts'

/** What a file is mainly about, in the order in which such files are to be read. */
export const commerceKinds = [
  'groups',
  'properties',
  'priceTypes',
  'warehouses',
  'units',
  'goods',
  'offers',
  'prices',
  'rests',
  'customers',
  'documents',
  'empty',
] as const

export type CommerceKind = (typeof commerceKinds)[number]

export type CommerceFile = CommerceSource & {
  kind: CommerceKind
  version?: string
  formedAt?: string
  formedAtIso?: string
}

/** How many offers are looked at to see whether they carry names, prices or stock. */
const offersToSee = 200

/**
 * Finds out by its content what a file is; its name decides nothing. Reads from the start until that is certain: to the
 * first product, customer or document, to the 200th offer, else to the end. Undefined when the file is XML, but not
 * CommerceML. Throws what `readCommerceml` throws for a file that is broken up to there.
 */
export async function classify(
  source: CommerceSource,
  options: Omit<ReadOptions, 'file'> = {},
): Promise<CommerceFile | undefined> {
  const seen = new Sight()
  try {
    for await (const batch of readCommerceml(source.read(), { ...options, file: source.file })) {
      if (batch.some((record) => seen.isSettledBy(record))) break
    }
  } catch (error) {
    if (error instanceof CaravanError && error.code === 'input_invalid') return undefined
    throw error
  }
  return { ...source, kind: seen.kind(), ...seen.header }
}

/** What has been seen of a file. */
class Sight {
  header: Pick<CommerceFile, 'version' | 'formedAt' | 'formedAtIso'> = {}
  readonly #types = new Set<CommerceRecord['type']>()
  #offers = 0
  #hasNames = false
  #hasPrices = false
  #hasStock = false

  /** Takes a record; true when no other could change the kind. */
  isSettledBy(record: CommerceRecord): boolean {
    this.#types.add(record.type)
    if (record.type === 'header') {
      const { version, formedAt, formedAtIso } = record
      this.header = { version, formedAt, formedAtIso }
    }
    if (record.type === 'offer') return this.#isSettledByOffer(record)
    return record.type === 'product' || record.type === 'customer' || record.type === 'document'
  }

  #isSettledByOffer(offer: CommerceOffer): boolean {
    this.#offers++
    this.#hasNames ||= !offer.isChange && offer.name !== undefined
    this.#hasPrices ||= offer.prices.length > 0
    this.#hasStock ||= offer.stock !== undefined
    return this.#hasNames || this.#offers >= offersToSee
  }

  kind(): CommerceKind {
    if (this.#types.has('product')) return 'goods'
    if (this.#types.has('offer')) return this.#kindOfOffers()
    if (this.#types.has('customer')) return 'customers'
    if (this.#types.has('document')) return 'documents'
    if (this.#types.has('group')) return 'groups'
    if (this.#types.has('property') || this.#types.has('category')) return 'properties'
    if (this.#types.has('priceType')) return 'priceTypes'
    if (this.#types.has('warehouse')) return 'warehouses'
    return this.#types.has('unit') ? 'units' : 'empty'
  }

  #kindOfOffers(): CommerceKind {
    if (this.#hasNames) return 'offers'
    if (this.#hasPrices) return 'prices'
    return this.#hasStock ? 'rests' : 'offers'
  }
}
