/** CommerceML files from what is in the state. The same state gives the same bytes, whenever they are written. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CaravanError, messageOf } from '../../core/errors.ts'
import { writeFileAtomically } from '../../formats/atomic-file.ts'
import { writeCustomers, writeImport, writeOffers } from '../../formats/commerceml/write.ts'
import type {
  CatalogueOptions,
  ExportOffer,
  ExportProduct,
  ExportVersion,
  WriteCounts,
  WriteFinding,
} from '../../formats/commerceml/write-model.ts'
import { stableId } from '../../formats/stable-id.ts'
import { streamCustomers } from '../../store/catalog/read-customers.ts'
import { streamProducts } from '../../store/catalog/read-products.ts'
import { lastChangeOf } from '../../store/catalog/read-terms.ts'
import { refuseUnknownSource } from '../sources.ts'
import type { Db } from '../../store/schema.ts'
import type { ExportResult } from '../answers/exports.ts'
import type { App } from '../app.ts'
import { toExportCustomer } from './customers.ts'
import { gatherDictionaries } from './dictionaries.ts'
import { toExportOffers, toExportProduct } from './products.ts'

export type ExportRequest = {
  /** Folder; made when it is not there. */
  to: string
  schemaVersion: ExportVersion
  /** Only records of this source; left out: all. */
  source?: string
  /** Says that whatever is not in the files may be taken off on the other side. */
  full?: boolean
  owner: string
}

export type ExportContext = {
  db: Db
  /** Of the clock of the 1C server. */
  timezone: string
  signal: AbortSignal
}

/** What an export needs of the program. */
export async function exportContext(app: App): Promise<ExportContext> {
  const { timezone } = (await app.usableConfig()).config
  return { db: (await app.state()).db, timezone, signal: app.signal }
}

/** import.xml and offers.xml. Throws `input_invalid` when there is nothing to write. */
export async function exportCatalog(
  context: ExportContext,
  request: ExportRequest,
): Promise<ExportResult> {
  const { db } = context
  const { source, schemaVersion: version, full = false } = request
  const formedAt = await formedAtOf(
    context,
    ['products', 'offers', 'offer_prices', 'stock'],
    source,
  )
  const { catalogueIds, ...dictionaries } = await gatherDictionaries(db, source)
  const id =
    catalogueIds.length === 1 && catalogueIds[0]
      ? catalogueIds[0]
      : stableId('catalogue', source ?? '')
  const title = { id, name: source ? `Каталог ${source}` : 'Каталог товаров' }
  const owner = { id: stableId('owner', request.owner), name: request.owner }
  const findings = collectFindings()
  const options: CatalogueOptions = {
    version,
    formedAt,
    changesOnly: !full,
    classifier: title,
    catalogue: title,
    owner,
    ...dictionaries,
    onFinding: findings.add,
  }
  async function* products(): AsyncGenerator<ExportProduct> {
    for await (const page of streamProducts(db, { source })) yield* page.map(toExportProduct)
  }
  async function* offers(): AsyncGenerator<ExportOffer> {
    for await (const page of streamProducts(db, { source })) yield* page.flatMap(toExportOffers)
  }
  await makeFolder(request.to)
  const files = [
    await writeOne(context, join(request.to, 'import.xml'), 'products', (onCounted) =>
      writeImport({ ...options, onCounted }, products()),
    ),
    await writeOne(context, join(request.to, 'offers.xml'), 'offers', (onCounted) =>
      writeOffers({ ...options, onCounted }, offers()),
    ),
  ]
  return { files, findings: findings.list() }
}

/** contragents.xml. Throws `input_invalid` when there is nothing to write. */
export async function exportCustomers(
  context: ExportContext,
  request: ExportRequest,
): Promise<ExportResult> {
  const { db } = context
  const { source, schemaVersion: version, full = false } = request
  const formedAt = await formedAtOf(context, ['customers'], source)
  const findings = collectFindings()
  const options = { version, formedAt, changesOnly: !full, onFinding: findings.add }
  async function* customers() {
    for await (const page of streamCustomers(db, { source })) yield* page.map(toExportCustomer)
  }
  await makeFolder(request.to)
  const file = await writeOne(
    context,
    join(request.to, 'contragents.xml'),
    'customers',
    (onCounted) => writeCustomers({ ...options, onCounted }, customers()),
  )
  return { files: [file], findings: findings.list() }
}

async function writeOne(
  { signal }: ExportContext,
  file: string,
  what: 'products' | 'offers' | 'customers',
  write: (onCounted: (counts: WriteCounts) => void) => AsyncIterable<string>,
): Promise<ExportResult['files'][number]> {
  let records = 0
  const pieces = write((counts) => (records = counts[what]))
  const bytes = await writeFileAtomically(file, pieces, { signal })
  return { file, records, bytes }
}

/** The time of the last change, by the clock of the 1C server: not the time of writing, so that bytes can be compared. */
async function formedAtOf(
  { db, timezone }: ExportContext,
  tables: Parameters<typeof lastChangeOf>[1],
  source: string | undefined,
): Promise<string> {
  const at = await lastChangeOf(db, tables, source)
  if (at === undefined) {
    if (source) await refuseUnknownSource(db, source)
    const of = source ? ` of the source ${source}` : ''
    throw new CaravanError({
      code: 'input_invalid',
      message: `there are no ${tables[0]}${of} to write; no file was touched`,
      hint: 'Sync or import them first.',
    })
  }
  return new Date(at).toLocaleString('sv-SE', { timeZone: timezone }).replace(' ', 'T')
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new CaravanError({
      code: 'input_invalid',
      message: `the folder ${folder} cannot be made: ${messageOf(error)}`,
      cause: error,
    })
  })
}

/** Findings come by the thousand when one field is wrong everywhere: the first of each kind, and how many more. */
function collectFindings() {
  const first = new Map<string, { finding: WriteFinding; count: number }>()
  return {
    add(finding: WriteFinding): void {
      const key = `${finding.code} ${finding.element}`
      const known = first.get(key) ?? { finding, count: 0 }
      first.set(key, { ...known, count: known.count + 1 })
    },
    list: (): string[] =>
      [...first.values()].map(({ finding, count }) =>
        count > 1 ? `${finding.message} (and ${count - 1} more like it)` : finding.message,
      ),
  }
}
