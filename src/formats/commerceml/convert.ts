import {
  toCategory,
  toGroups,
  toPriceType,
  toProperty,
  toUnit,
  toWarehouse,
} from './convert-classifier.ts'
import { toCounterparty } from './convert-customer.ts'
import { toDocument } from './convert-document.ts'
import { toOffer } from './convert-offer.ts'
import { toProduct } from './convert-product.ts'
import type { CommerceRecord } from './records.ts'
import { changesName } from './structure.ts'
import type { RecordKind } from './structure.ts'
import type { Reading } from './values.ts'
import type { XmlNode } from './xml-node.ts'

/** Where a record stands: byte offset, the child of the root it is in, and the number of its Контейнер. */
type Place = { offset: number; blockName: string | undefined; container: number | undefined }

/** Converts the tree of one record and puts what comes of it behind what is there. */
export function convert(
  kind: RecordKind,
  node: XmlNode,
  reading: Reading,
  { offset, blockName, container }: Place,
  records: CommerceRecord[],
): void {
  switch (kind) {
    case 'product':
      records.push(toProduct(node, reading, offset))
      break
    case 'offer':
      records.push(toOffer(node, reading, offset, blockName === changesName))
      break
    case 'group':
      for (const group of toGroups(node, reading, offset)) records.push(group)
      break
    case 'property':
      records.push(toProperty(node, reading, offset))
      break
    case 'category':
      records.push(toCategory(node, reading, offset))
      break
    case 'priceType':
      records.push(toPriceType(node, reading, offset))
      break
    case 'warehouse':
      records.push(toWarehouse(node, reading, offset))
      break
    case 'unit':
      records.push(toUnit(node, reading, offset))
      break
    case 'customer':
      records.push({ type: 'customer', ...toCounterparty(node, reading), offset })
      break
    case 'document':
      records.push({ type: 'document', container, ...toDocument(node, reading), offset })
      break
  }
}
