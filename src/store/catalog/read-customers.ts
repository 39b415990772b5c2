/** Customers as others read them, a page at a time. */
import { sql, type Selectable } from 'kysely'
import { containing } from '../dialect.ts'
import type { CustomerTable } from '../schema-catalog.ts'
import type { Db } from '../schema.ts'
import { searchText } from './content.ts'

export type StoredCustomer = {
  source: string
  externalId: string
  status: 'active' | 'marked'
  markedReason: string | null
  onecId: string | null
  kind: 'legal' | 'sole_proprietor' | 'person'
  name: string
  fullName: string | null
  taxId: string | null
  kpp: string | null
  okpo: string | null
  email: string | null
  /** `+7XXXXXXXXXX`, or null when it cannot be told; then see `phoneRaw`. */
  phone: string | null
  phoneRaw: string | null
  lastName: string | null
  firstName: string | null
  middleName: string | null
  legalAddress: string | null
  address: string | null
  contacts: Record<string, unknown>[]
  accounts: Record<string, unknown>[]
  details: Record<string, unknown>
  /** What is odd about it, as sentences. */
  findings: string[]
  revision: number
  createdAt: string
  updatedAt: string
}

export type CustomerFilter = {
  source?: string
  status?: 'active' | 'marked'
  /** Found anywhere in name, tax number, e-mail or phone, whatever the case. */
  search?: string
}

/** All customers in the order of source and external id, a batch at a time. */
export async function* streamCustomers(
  db: Db,
  filter: CustomerFilter = {},
  batch = 500,
): AsyncGenerator<StoredCustomer[]> {
  let last: { source: string; external_id: string } | undefined
  for (;;) {
    const rows: Selectable<CustomerTable>[] = await pageOf(db, filter, last, batch)
    if (rows.length === 0) return
    yield rows.map(toCustomer)
    last = rows.at(-1)
  }
}

function pageOf(
  db: Db,
  { source, status, search }: CustomerFilter,
  after: { source: string; external_id: string } | undefined,
  limit: number,
): Promise<Selectable<CustomerTable>[]> {
  let query = db.selectFrom('customers').selectAll()
  if (source) query = query.where('source', '=', source)
  if (status) query = query.where('status', '=', status)
  if (search) {
    const pattern = containing(searchText(search))
    query = query.where(sql<boolean>`search like ${pattern} escape '\\'`)
  }
  if (after) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('source', 'external_id'), '>', tuple(after.source, after.external_id)),
    )
  }
  return query.orderBy('source').orderBy('external_id').limit(limit).execute()
}

const parse = <T>(text: string): T => JSON.parse(text) as T

const toCustomer = (row: Selectable<CustomerTable>): StoredCustomer => ({
  source: row.source,
  externalId: row.external_id,
  status: row.status,
  markedReason: row.marked_reason,
  onecId: row.onec_id,
  kind: row.kind,
  name: row.name,
  fullName: row.full_name,
  taxId: row.tax_id,
  kpp: row.kpp,
  okpo: row.okpo,
  email: row.email,
  phone: row.phone,
  phoneRaw: row.phone_raw,
  lastName: row.last_name,
  firstName: row.first_name,
  middleName: row.middle_name,
  legalAddress: row.legal_address,
  address: row.address,
  contacts: parse(row.contacts),
  accounts: parse(row.accounts),
  details: parse(row.details),
  findings: parse(row.findings),
  revision: row.revision,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})
