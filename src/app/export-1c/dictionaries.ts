/** What the files say once for all products: groups, properties, price types, warehouses and units. */
import type { CatalogueOptions } from '../../formats/commerceml/write-model.ts'
import { streamProducts } from '../../store/catalog/read-products.ts'
import { listTerms } from '../../store/catalog/read-terms.ts'
import type { Db } from '../../store/schema.ts'
import { groupIdOf, priceFields, priceTypeIdOf, warehouseIdOf } from './products.ts'

export type Dictionaries = Required<
  Pick<CatalogueOptions, 'groups' | 'properties' | 'priceTypes' | 'warehouses' | 'units'>
> & { catalogueIds: string[] }

/** Those that 1C told, and those that follow from the products of sources that have none. */
export async function gatherDictionaries(
  db: Db,
  source: string | undefined,
): Promise<Dictionaries> {
  const implied = await impliedBy(db, source)
  const groups = await listTerms(db, 'product_groups', source)
  const properties = await listTerms(db, 'properties', source)
  const priceTypes = await listTerms(db, 'price_types', source)
  const warehouses = await listTerms(db, 'warehouses', source)
  const units = await listTerms(db, 'units', source)
  return {
    catalogueIds: [...implied.catalogueIds].toSorted(),
    groups: [
      ...groups.map((group) => ({
        ...group.details,
        id: group.external_id,
        name: group.name,
        parentId: group.parent_external_id ?? undefined,
        isDeleted: group.status === 'marked',
      })),
      ...sorted(implied.groups),
    ],
    properties: properties.map((property) => ({
      ...property.details,
      id: property.external_id,
      name: property.name,
      valueType: property.value_type as 'text',
      appliesTo: property.applies_to as 'goods',
      variants: JSON.parse(property.variants) as { id?: string; value?: string }[],
      isDeleted: property.status === 'marked',
    })),
    priceTypes: [
      ...priceTypes.map((type) => ({
        ...type.details,
        id: type.external_id,
        name: type.name,
        currency: type.currency ?? undefined,
        currencyRaw: type.currency_raw ?? undefined,
        isDeleted: type.status === 'marked',
      })),
      ...sorted(implied.priceTypes),
    ],
    warehouses: [
      ...warehouses.map((warehouse) => ({
        ...warehouse.details,
        id: warehouse.external_id,
        name: warehouse.name,
        isDeleted: warehouse.status === 'marked',
      })),
      ...sorted(implied.warehouses),
    ],
    units: units.map((unit) => ({
      id: unit.external_id,
      code: unit.code ?? undefined,
      shortName: unit.name,
      fullName: unit.full_name ?? undefined,
      international: unit.international ?? undefined,
      isDeleted: unit.status === 'marked',
    })),
  }
}

type Named = { id: string; name: string; currency?: string }

/** One pass over the products: few distinct names, however many products. */
async function impliedBy(db: Db, source: string | undefined) {
  const found = {
    catalogueIds: new Set<string>(),
    groups: new Map<string, Named>(),
    priceTypes: new Map<string, Named>(),
    warehouses: new Map<string, Named>(),
  }
  const note = (map: Map<string, Named>, named: Named) => map.set(named.id, named)
  for await (const page of streamProducts(db, { source })) {
    for (const product of page) {
      const { groupName, currency } = product
      if (product.catalogId) found.catalogueIds.add(product.catalogId)
      if (groupName)
        note(found.groups, { id: groupIdOf(product.source, groupName), name: groupName })
      for (const { warehouses } of product.stockRows) {
        for (const { warehouse } of warehouses) {
          if (typeof warehouse !== 'string') continue
          note(found.warehouses, { id: warehouseIdOf(product.source, warehouse), name: warehouse })
        }
      }
      if (product.offers.length > 0 || currency === null) continue
      for (const { field, name } of priceFields) {
        if (product[field] === null) continue
        note(found.priceTypes, { id: priceTypeIdOf(product.source, field), name, currency })
      }
    }
  }
  return found
}

/** By name, so that the same products give the same bytes in whatever order they came. */
const sorted = (named: Map<string, Named>): Named[] =>
  [...named.values()].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
