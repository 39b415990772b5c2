/** Which price type of 1C fills which price column: by the table in the config, never by guessing. */
import { CaravanError } from '../../core/errors.ts'
import { counted } from '../../core/words.ts'
import type { PriceField, PriceTypeUse } from '../../store/catalog/offer-prices.ts'

export type KnownPriceType = { id: string; name?: string; currency?: string }

export type PriceMap = {
  uses: Map<string, PriceTypeUse>
  /** Types that fill no column. Their prices are kept as they are. */
  unmapped: KnownPriceType[]
}

/**
 * Joins the table of the config with the types there are. An entry is an id, or the exact name after trimming. Throws
 * `input_invalid` when an entry fits no type, for then it is misspelled and prices would silently be missing, and when
 * it fits several.
 */
export function mapPriceTypes(
  table: Readonly<Record<string, PriceField>>,
  types: readonly KnownPriceType[],
): PriceMap {
  const uses = new Map<string, PriceTypeUse>(types.map(({ id, currency }) => [id, { currency }]))
  for (const [entry, field] of Object.entries(table)) {
    const type = findType(entry.trim(), types)
    uses.set(type.id, { ...uses.get(type.id), field })
  }
  return { uses, unmapped: types.filter(({ id }) => uses.get(id)?.field === undefined) }
}

function findType(entry: string, types: readonly KnownPriceType[]): KnownPriceType {
  const byId = types.find(({ id }) => id === entry || id === entry.toLowerCase())
  const fitting = byId ? [byId] : types.filter(({ name }) => name?.trim() === entry)
  const [type, second] = fitting
  if (type && !second) return type
  throw new CaravanError({
    code: 'input_invalid',
    message: type
      ? `price_types names "${entry}", and ${fitting.length} price types of 1C are called so`
      : `price_types names "${entry}", and 1C has no price type of this id or name. Nothing was imported.`,
    hint: `Use the id. The price types there are:\n${types.map(toYaml).join('\n')}`,
  })
}

/** What to tell the operator about types that fill no column; undefined when there is nothing to tell. */
export const describeUnmapped = (unmapped: readonly KnownPriceType[]): string | undefined =>
  unmapped.length === 0
    ? undefined
    : [
        `${counted(unmapped.length, 'price type')} of 1C without a price column; their prices are kept in offer_prices alone.`,
        'To use one, put its line under "price_types" and replace CHOOSE by supply_price, invoice_price or market_price:',
        'price_types:',
        ...unmapped.map(toYaml),
      ].join('\n')

/** One line of the table, with the name as a comment. */
const toYaml = ({ id, name }: KnownPriceType): string =>
  `  ${JSON.stringify(id)}: CHOOSE${name === undefined ? '' : `  # ${name.replace(/\s+/g, ' ')}`}`
