import { addDecimals } from '../../core/decimal.ts'
import type { CommerceStock, CommerceStockRow } from './records.ts'
import { decimalFrom, decimalOf, idIn, normaliseId } from './values.ts'
import type { Reading } from './values.ts'
import { child, childrenOf } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'

/**
 * Stock of an offer out of four notations. Остатки count if there is anything in them; else Количество; else the
 * attributes КоличествоНаСкладе. Количество and the attributes say the same twice and are never added up. Undefined when
 * the offer says nothing.
 */
export function toStock(offer: XmlNode, reading: Reading): CommerceStock | undefined {
  const total = child(offer, 'Количество')
  const fromQuantity = decimalOf(total, reading)
  const balances = child(offer, 'Остатки')
  const fromBalances = balances && balanceRows(balances, reading)
  if (fromBalances?.isStated) return stock('balances', fromBalances.rows, fromQuantity)
  const { rows, isStated } = attributeRows(offer, reading)
  if (total && total.text.trim() !== '') return stock('quantity', rows, fromQuantity)
  return isStated ? stock('warehouses', rows, fromQuantity) : undefined
}

type Rows = { rows: CommerceStockRow[]; isStated: boolean }

function stock(
  source: CommerceStock['source'],
  rows: CommerceStockRow[],
  fromQuantity: string | undefined,
): CommerceStock {
  const fromRows = sum(rows)
  const quantity = source === 'quantity' ? fromQuantity : fromRows
  return { quantity, source, rows, fromQuantity, fromRows }
}

function sum(rows: CommerceStockRow[]): string | undefined {
  if (rows.length < 2) return rows[0]?.quantity
  return addDecimals(...rows.map((row) => row.quantity))
}

/** Остатки/Остаток/Склад/(Ид, Количество), or Остаток/Количество of a base with one warehouse. */
function balanceRows(balances: XmlNode, reading: Reading): Rows {
  const found: Rows = { rows: [], isStated: false }
  for (const balance of childrenOf(balances, 'Остаток')) {
    const warehouses = childrenOf(balance, 'Склад')
    for (const warehouse of warehouses) {
      add(found, child(warehouse, 'Количество'), idIn(warehouse, 'Ид', reading), reading)
    }
    if (warehouses.length === 0) add(found, child(balance, 'Количество'), undefined, reading)
  }
  return found
}

function add(
  found: Rows,
  node: XmlNode | undefined,
  warehouseId: string | undefined,
  reading: Reading,
): void {
  if (!node || node.text.trim() === '') return
  found.isStated = true
  const quantity = decimalOf(node, reading)
  if (quantity !== undefined) found.rows.push({ warehouseId, quantity })
}

/** Склад with attributes (2.05 and later), or Склады, which is how packages of changes spell it. */
function attributeRows(offer: XmlNode, reading: Reading): Rows {
  const found: Rows = { rows: [], isStated: false }
  for (const one of offer.children) {
    if (one.name !== 'Склад' && one.name !== 'Склады') continue
    for (const warehouse of one.children.length > 0 ? childrenOf(one, 'Склад') : [one]) {
      const text = warehouse.attributes?.['КоличествоНаСкладе']?.trim()
      if (!text) continue
      found.isStated = true
      const quantity = decimalFrom(text, warehouse, reading)
      const id = warehouse.attributes?.['ИдСклада']?.trim()
      if (quantity !== undefined) {
        found.rows.push({ warehouseId: id ? normaliseId(id) : undefined, quantity })
      }
    }
  }
  return found
}
