/** Small exchanges of 1C for tests: written as files, imported as the runner does it, and looked at as rows. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sql } from 'kysely'
import { systemClock } from '../core/clock.ts'
import { onecCatalog } from '../jobs/1c-catalog/index.ts'
import { runSync, type RunOutcome } from '../jobs/runner.ts'
import type { Db } from '../store/schema.ts'
import { temporaryFolder } from './state.ts'

/** A folder with these files; the values are their whole contents. */
export function exchangeFolder(files: Record<string, string | Uint8Array>): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

export type ImportOptions = { isDryRun?: boolean; signal?: AbortSignal } & Record<string, unknown>

/** Runs the job on these paths. What goes wrong is in the outcome. */
export const importPaths = (
  db: Db,
  paths: string[],
  { isDryRun, signal, ...options }: ImportOptions = {},
): Promise<RunOutcome> =>
  runSync(onecCatalog, {
    db,
    clock: systemClock,
    signal: signal ?? new AbortController().signal,
    trigger: 'test',
    options: onecCatalog.options.parse({ paths, ...options }),
    clientsFor: () => ({ use: {}, source: {} }),
    isDryRun,
  })

export const importFiles = (
  db: Db,
  files: Record<string, string | Uint8Array>,
  options?: ImportOptions,
): Promise<RunOutcome> => importPaths(db, [exchangeFolder(files)], options)

export const document = (inner: string, formedAt = '2026-01-01T10:00:00'): string =>
  `<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="${formedAt}">${inner}</КоммерческаяИнформация>`

/** A catalogue file; `full` says that it lists everything. */
export const catalogue = (
  products: readonly string[],
  { id = 'cat', full = false, before = '' } = {},
): string =>
  document(
    `${before}<Каталог СодержитТолькоИзменения="${!full}"><Ид>${id}</Ид><Наименование>К</Наименование><Товары>${products.join('')}</Товары></Каталог>`,
  )

export const product = (id: string, name = `Товар ${id}`, more = '', status = ''): string =>
  `<Товар${status && ` Статус="${status}"`}><Ид>${id}</Ид><Наименование>${name}</Наименование>${more}</Товар>`

/** A package of offers; `head` holds price types and the like. */
export const offers = (list: readonly string[], { full = false, head = '' } = {}): string =>
  document(
    `<ПакетПредложений СодержитТолькоИзменения="${!full}"><Ид>cat#</Ид><Наименование>П</Наименование><ИдКаталога>cat</ИдКаталога>${head}<Предложения>${list.join('')}</Предложения></ПакетПредложений>`,
  )

export const offer = (id: string, inner: string, status = ''): string =>
  `<Предложение${status && ` Статус="${status}"`}><Ид>${id}</Ид>${inner}</Предложение>`

export const price = (type: string, amount: string, more = '<Валюта>RUB</Валюта>'): string =>
  `<Цена><ИдТипаЦены>${type}</ИдТипаЦены><ЦенаЗаЕдиницу>${amount}</ЦенаЗаЕдиницу>${more}</Цена>`

export const priceType = (id: string, name: string): string =>
  `<ТипЦены><Ид>${id}</Ид><Наименование>${name}</Наименование><Валюта>RUB</Валюта></ТипЦены>`

const tables = [
  'products',
  'offers',
  'offer_prices',
  'stock',
  'product_groups',
  'properties',
  'price_types',
  'warehouses',
  'units',
  'customers',
  'order_statuses',
] as const

/** Every column that depends on when and how often a row was written. */
const incidental = new Set([
  'id',
  'revision',
  'created_at',
  'updated_at',
  'synced_at',
  'observed_at',
  'marked_at',
])

/** Every row of the catalogue, to the byte. */
export async function catalogBytes(db: Db): Promise<string> {
  const all: Record<string, unknown> = {}
  for (const table of tables) {
    all[table] = (await sql`select * from ${sql.table(table)} order by id`.execute(db)).rows
  }
  return JSON.stringify(all)
}

/** Every row of the catalogue, without what depends on when and how often it was written. */
export async function catalogState(db: Db): Promise<Record<string, Record<string, unknown>[]>> {
  const all: Record<string, Record<string, unknown>[]> = {}
  for (const table of tables) {
    const { rows } = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)} order by source, external_id`.execute(db)
    all[table] = rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([column]) => !incidental.has(column))),
    )
  }
  return all
}
