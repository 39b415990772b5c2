/** Groups, properties, price types, warehouses and units as the tables keep them. */
import type {
  CommerceAddress,
  CommerceGroup,
  CommercePriceType,
  CommerceProperty,
  CommerceUnit,
  CommerceWarehouse,
} from '../../formats/commerceml/records.ts'
import type { Statement } from '../../store/catalog/merge.ts'
import { flag } from '../../store/catalog/products.ts'
import type { Variant } from '../../store/catalog/specs.ts'
import { deletedReason, put } from './product.ts'

type WithId<T> = T & { id: string }

const standingOf = ({ isDeleted }: { isDeleted: boolean }): Statement<'units'>['standing'] =>
  isDeleted ? { markedFor: deletedReason } : 'listed'

export function toGroup(group: WithId<CommerceGroup>): Statement<'product_groups'> {
  const details: Record<string, unknown> = {}
  put(details, 'description', group.description)
  return {
    externalId: group.id,
    standing: standingOf(group),
    // No parent means a root: the same group may come again elsewhere, which is a move.
    values: {
      parent_external_id: group.parentId ?? null,
      name: group.name ?? group.id,
      details: JSON.stringify(details),
    },
  }
}

export function toProperty(property: WithId<CommerceProperty>): Statement<'properties'> {
  const details: Record<string, unknown> = {}
  put(details, 'description', property.description)
  put(details, 'required', property.required)
  put(details, 'valueTypeRaw', property.valueTypeRaw)
  if (property.isMultiple) put(details, 'isMultiple', true)
  if (property.isExternal) put(details, 'isExternal', true)
  if (property.isInformational) put(details, 'isInformational', true)
  const variants = property.variants.map(({ id, value }): Variant => ({
    id: id ?? null,
    value: value ?? null,
  }))
  return {
    externalId: property.id,
    standing: standingOf(property),
    values: {
      name: property.name ?? property.id,
      value_type: property.valueType,
      applies_to: property.appliesTo,
      variants: JSON.stringify(variants),
      details: JSON.stringify(details),
    },
  }
}

export function toPriceType(type: WithId<CommercePriceType>): Statement<'price_types'> {
  const details: Record<string, unknown> = {}
  put(details, 'description', type.description)
  put(details, 'taxes', type.taxes)
  return {
    externalId: type.id,
    standing: standingOf(type),
    values: {
      name: type.name ?? type.id,
      currency: type.currency ?? null,
      currency_raw: type.currencyRaw ?? null,
      is_tax_included: flag(type.isTaxIncluded ?? null),
      details: JSON.stringify(details),
    },
  }
}

export function toWarehouse(warehouse: WithId<CommerceWarehouse>): Statement<'warehouses'> {
  const details: Record<string, unknown> = {}
  put(details, 'comment', warehouse.comment)
  put(details, 'address', warehouse.address)
  put(details, 'contacts', warehouse.contacts)
  return {
    externalId: warehouse.id,
    standing: standingOf(warehouse),
    values: {
      name: warehouse.name ?? warehouse.id,
      address: addressText(warehouse.address) ?? null,
      details: JSON.stringify(details),
    },
  }
}

export const toUnit = (unit: WithId<CommerceUnit>): Statement<'units'> => ({
  externalId: unit.id,
  standing: standingOf(unit),
  values: {
    code: unit.code ?? null,
    name: unit.shortName ?? unit.fullName ?? unit.code ?? unit.id,
    full_name: unit.fullName ?? null,
    international: unit.international ?? null,
  },
})

/** The address in one line, put together from its fields where it has none. */
export const addressText = (address: CommerceAddress | undefined): string | undefined =>
  address &&
  (address.text ??
    (address.fields.flatMap(({ value }) => value ?? []).join(', ') || address.comment || undefined))
