import { addDecimals } from '../../core/decimal.ts'
import { hasText } from '../xml-writer.ts'
import { writeCurrency } from './write-classifier.ts'
import { statusMark, writeItem } from './write-item.ts'
import type { ExportOffer, ExportPrice, ExportStock } from './write-model.ts'
import { nameMax, writeTaxKinds } from './write-party.ts'
import type { Scribe } from './write-scribe.ts'
import { unitCode, unitCodeWords, unitId, type UnitBook } from './write-unit.ts'

export type OfferContext = {
  scribe: Scribe
  units: UnitBook
  /** Ids of the price types that the file lists. */
  priceTypeIds: ReadonlySet<string>
}

/** An offer whose prices are known to be writable. */
export type ReadyOffer = { offer: ExportOffer; prices: readonly ReadyPrice[] }

type ReadyPrice = { price: ExportPrice; typeId: string; amount: string }

/** Checks what decides whether the offer may stand in the file; undefined, with a finding, when it may not. */
export function prepareOffer(context: OfferContext, offer: ExportOffer): ReadyOffer | undefined {
  const { scribe } = context
  scribe.about('offer', offer.id)
  if (!hasText(offer.id)) {
    scribe.report('record_left_out', 'Предложение', 'left out: it has no id')
    return undefined
  }
  const prices = (offer.prices ?? []).flatMap((price) => preparePrice(context, price) ?? [])
  if (scribe.isStrict && prices.length === 0) {
    const message = 'left out: it has no price, and 2.07 has no offers without one'
    scribe.report('record_left_out', 'Предложение', message)
    return undefined
  }
  return { offer, prices }
}

export function writeOffer(context: OfferContext, { offer, prices }: ReadyOffer): void {
  const { scribe, units } = context
  scribe.about('offer', offer.id)
  const body = (): void => {
    writeItem(scribe, offer, units)
    scribe.within('Цены', () => prices.forEach((price) => writePrice(context, price)))
    if (!offer.stock) return
    if (scribe.isStrict) writeStockAttributes(scribe, readStock(scribe, offer.stock))
    else writeBalances(scribe, readStock(scribe, offer.stock))
  }
  scribe.within('Предложение', body, statusMark(offer))
}

function preparePrice(context: OfferContext, price: ExportPrice): ReadyPrice | undefined {
  const { scribe, priceTypeIds } = context
  const amount = scribe.fitNumber('ЦенаЗаЕдиницу', price.amount, 2)
  if (amount === undefined) return undefined
  const given = price.priceTypeId?.trim() ?? ''
  if (!priceTypeIds.has(given)) {
    const message = `the price ${amount} is left out: its type "${given}" is not among those of the file`
    scribe.report('value_left_out', 'Цена', message)
    return undefined
  }
  return { price, typeId: scribe.fitId('ИдТипаЦены', given) ?? '', amount }
}

function writePrice({ scribe, units }: OfferContext, { price, typeId, amount }: ReadyPrice): void {
  scribe.within('Цена', () => {
    scribe.text('Представление', price.text, nameMax)
    scribe.xml.leaf('ИдТипаЦены', typeId)
    scribe.xml.leaf('ЦенаЗаЕдиницу', amount)
    writeCurrency(scribe, price)
    if (scribe.isStrict) scribe.exact('Единица', price.unit, unitCode, unitCodeWords)
    else {
      const id = price.unitId ?? unitId({ shortName: price.unit }, units)
      scribe.text('ИдЕдиницыИзмерения', id, nameMax)
    }
    scribe.text('Коэффициент', price.ratio, nameMax)
    const minimum = scribe.fitNumber('МинКоличество', price.minQuantity, 3)
    if (minimum !== undefined) scribe.xml.leaf('МинКоличество', minimum)
    scribe.id('ИдКаталога', price.catalogueId)
    if (!scribe.isStrict) writeTaxKinds(scribe, price.taxes)
  })
}

type ReadyStock = { total?: string; rows: { id: string; quantity: string }[]; isWhole: boolean }

/** `isWhole`: the rows are all of the stock, so their sum is the total. */
function readStock(scribe: Scribe, stock: ExportStock): ReadyStock {
  const given = stock.rows ?? []
  const rows = given.flatMap(({ warehouseId, quantity }) => {
    const id = scribe.fitId('ИдСклада', warehouseId)
    const number = scribe.fitNumber('КоличествоНаСкладе', quantity, 3)
    return id !== undefined && number !== undefined ? [{ id, quantity: number }] : []
  })
  const told = scribe.fitNumber('Количество', stock.quantity, 3)
  const sum = addDecimals(...rows.map(({ quantity }) => quantity))
  const isComplete = rows.length > 0 && rows.length === given.length
  const total = told ?? (isComplete ? sum : undefined) ?? lonely(scribe, stock)
  if (total !== undefined && rows.length > 0 && total !== sum) {
    const message = `the stock is ${total}, though its warehouses add up to ${sum}`
    scribe.report('stock_differs', 'Количество', message)
  }
  return { total, rows, isWhole: total === undefined || total === sum }
}

/** A single row without a warehouse is the total. */
function lonely(scribe: Scribe, { rows = [] }: ExportStock): string | undefined {
  const [row] = rows
  if (rows.length !== 1 || row?.warehouseId !== undefined) return undefined
  return scribe.fitNumber('Количество', row?.quantity, 3)
}

function writeStockAttributes({ xml }: Scribe, { total, rows }: ReadyStock): void {
  if (total !== undefined) xml.leaf('Количество', total)
  for (const { id, quantity } of rows) {
    xml.leaf('Склад', '', { ИдСклада: id, КоличествоНаСкладе: quantity })
  }
}

/** Readers add up what stands in Остатки, so rows that are not the whole give way to the total. */
function writeBalances(scribe: Scribe, { total, rows, isWhole }: ReadyStock): void {
  const { xml } = scribe
  scribe.within('Остатки', () => {
    if (rows.length === 0 || !isWhole) {
      scribe.within('Остаток', () => total !== undefined && xml.leaf('Количество', total))
      return
    }
    for (const { id, quantity } of rows) {
      scribe.within('Остаток', () =>
        scribe.within('Склад', () => {
          xml.leaf('Ид', id)
          xml.leaf('Количество', quantity)
        }),
      )
    }
  })
}
