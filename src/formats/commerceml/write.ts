/**
 * Writes CommerceML files as text, piece by piece: memory does not grow with the number of records. The same input
 * gives the same bytes. 2.07 keeps to the published schema 2.08 (there is none of 2.07); 3.1 to what the exchange of
 * the 1С-Битрикс module has. Give the pieces to `writeFileAtomically`.
 */
import { CaravanError } from '../../core/errors.ts'
import { createXmlWriter, hasText, type XmlAttributes } from '../xml-writer.ts'
import {
  changeMark,
  writeClassifier,
  writePriceTypes,
  writeWarehouses,
} from './write-classifier.ts'
import { writeCustomer } from './write-customer.ts'
import { writeProduct } from './write-item.ts'
import type {
  CatalogueOptions,
  ExportCustomer,
  ExportOffer,
  ExportOptions,
  ExportProduct,
  ExportVersion,
  WriteCounts,
} from './write-model.ts'
import { prepareOffer, writeOffer, type OfferContext } from './write-offer.ts'
import { commentMax, writeParty } from './write-party.ts'
import { createScribe, type Scribe } from './write-scribe.ts'
import { makeUnitBook } from './write-unit.ts'

type Items<T> = AsyncIterable<T> | Iterable<T>

/** import.xml: the classifier and the goods. Without any product there is no Каталог, and nothing is taken off. */
export async function* writeImport(
  options: CatalogueOptions,
  products: Items<ExportProduct>,
): AsyncGenerator<string, void, undefined> {
  const { scribe, counts } = start(options)
  const { xml } = scribe
  const units = makeUnitBook(options.units)
  counts.groups = writeClassifier(scribe, options, 'goods')
  for await (const product of products) {
    if (counts.products === 0 && hasText(product.id)) beginCatalogue(scribe, options)
    counts[writeProduct(scribe, product, units) ? 'products' : 'leftOut'] += 1
    if (xml.length() >= pieceLength) yield xml.take()
  }
  if (counts.products > 0) {
    xml.end() // Товары
    scribe.about('catalogue', options.catalogue.id)
    // The schema has the description behind the goods.
    if (scribe.isStrict) scribe.text('Описание', options.catalogue.description, commentMax)
    xml.end()
  } else {
    reportEmpty(scribe, 'Каталог', 'products')
  }
  yield finish(scribe, options, counts)
}

/** offers.xml: prices and stock. In 2.07 it also lists price types and warehouses. */
export async function* writeOffers(
  options: CatalogueOptions,
  offers: Items<ExportOffer>,
): AsyncGenerator<string, void, undefined> {
  const { scribe, counts } = start(options)
  const { xml } = scribe
  const priceTypeIds = new Set((options.priceTypes ?? []).map(({ id }) => id.trim()))
  const context: OfferContext = { scribe, units: makeUnitBook(options.units), priceTypeIds }
  writeClassifier(scribe, options, 'offers')
  for await (const offer of offers) {
    const ready = prepareOffer(context, offer)
    if (!ready) {
      counts.leftOut += 1
      continue
    }
    if (counts.offers === 0) beginPackage(scribe, options)
    writeOffer(context, ready)
    counts.offers += 1
    if (xml.length() >= pieceLength) yield xml.take()
  }
  if (counts.offers > 0) {
    xml.end() // Предложения
    xml.end()
  } else {
    reportEmpty(scribe, 'ПакетПредложений', 'offers')
  }
  yield finish(scribe, options, counts)
}

/** The customers. Контрагенты below the root is no part of the published schema, though many programs read it. */
export async function* writeCustomers(
  options: ExportOptions,
  customers: Items<ExportCustomer>,
): AsyncGenerator<string, void, undefined> {
  const { scribe, counts } = start(options)
  const { xml } = scribe
  xml.begin('Контрагенты', changeMark(options.changesOnly))
  for await (const customer of customers) {
    counts[writeCustomer(scribe, customer) ? 'customers' : 'leftOut'] += 1
    if (xml.length() >= pieceLength) yield xml.take()
  }
  xml.end()
  yield finish(scribe, options, counts)
}

/** Some 128 KB, as most of the text takes two bytes a character. */
const pieceLength = 1 << 16

const namespaces: Record<ExportVersion, string> = {
  '2.07': 'urn:1C.ru:commerceml_2',
  '3.1': 'urn:1C.ru:commerceml_3',
}

function start(options: ExportOptions): { scribe: Scribe; counts: WriteCounts } {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(options.formedAt)) {
    const message = `"${options.formedAt}" is no time of formation such as 2026-01-31T10:15:00`
    throw new CaravanError({ code: 'internal', message })
  }
  const xml = createXmlWriter({ bom: options.bom ?? true })
  const attributes: XmlAttributes = {
    xmlns: namespaces[options.version],
    ВерсияСхемы: options.version,
    ДатаФормирования: options.formedAt,
  }
  xml.begin('КоммерческаяИнформация', attributes)
  xml.force()
  const counts = { groups: 0, products: 0, offers: 0, customers: 0, leftOut: 0 }
  return { scribe: createScribe(xml, options), counts }
}

function finish({ xml }: Scribe, options: ExportOptions, counts: WriteCounts): string {
  xml.end()
  options.onCounted?.(counts)
  return xml.take()
}

/** An empty list that claims to be complete would take everything off on the other side. */
function reportEmpty(scribe: Scribe, element: string, records: string): void {
  scribe.about('file', undefined)
  scribe.report(
    'catalogue_empty',
    element,
    `there are no ${records} to write; ${element} is left out`,
  )
}

function beginCatalogue(scribe: Scribe, options: CatalogueOptions): void {
  const { catalogue, classifier, owner } = options
  scribe.about('catalogue', catalogue.id)
  scribe.xml.begin('Каталог', changeMark(options.changesOnly))
  scribe.id('Ид', catalogue.id)
  scribe.id('ИдКлассификатора', classifier.id)
  scribe.title('Наименование', catalogue.name, catalogue.id)
  writeParty(scribe, 'Владелец', owner)
  if (!scribe.isStrict) scribe.text('Описание', catalogue.description, commentMax)
  scribe.xml.begin('Товары')
}

function beginPackage(scribe: Scribe, options: CatalogueOptions): void {
  const { catalogue, classifier, owner } = options
  const id = scribe.isStrict ? `${catalogue.id}#` : `#${catalogue.id}`
  scribe.about('package of offers', id)
  scribe.xml.begin('ПакетПредложений', changeMark(options.changesOnly))
  scribe.exact('Ид', id, /^.{1,40}$/su, 'at most 40 characters')
  const name = options.offersName ?? `Пакет предложений (${catalogue.name})`
  scribe.title('Наименование', name, catalogue.id)
  scribe.id('ИдКаталога', catalogue.id)
  scribe.id('ИдКлассификатора', classifier.id)
  writeParty(scribe, 'Владелец', owner)
  if (scribe.isStrict) {
    writePriceTypes(scribe, options.priceTypes)
    writeWarehouses(scribe, options.warehouses)
  }
  scribe.xml.begin('Предложения')
}
