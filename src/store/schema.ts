/** The tables of the state file as kysely sees them. Rows stay inside the store; our own types come out. */
import type { Generated, Kysely } from 'kysely'
import type { CallLogTables } from './schema-calls.ts'
import type { CatalogTables } from './schema-catalog.ts'
import type { DaemonTables } from './schema-daemon.ts'

/** ISO 8601, UTC, milliseconds. */
export type Instant = string
/** JSON as text. */
export type JsonText = string

type MetaTable = { key: string; value: string }

type KeySlotTable = {
  id: string
  kind: 'key' | 'passphrase'
  label: string
  recipient: string | null
  kdf: JsonText | null
  master_id: string
  sealed_master: string | null
  check_record: string
  created_at: Instant
  created_by: string | null
}

type SecretTable = {
  name: string
  record: string
  kek_id: string
  created_at: Instant
  updated_at: Instant
  last_used_at: Instant | null
  expires_at: Instant | null
  updated_by: string | null
}

type ConfigVersionTable = {
  id: string
  /** Counts up in the order of loading. */
  position: number
  sha256: string
  loaded_at: Instant
  loaded_by: string
  command: string
  faults: number
  content: string
  parsed: JsonText
  summary: string
}

type SwitchTable = {
  service: string
  reason: string
  until: Instant | null
  set_by: string
  set_at: Instant
}

type RunTable = {
  id: string
  job: string
  trigger: string
  options: JsonText
  status: 'running' | 'success' | 'partial' | 'failed' | 'interrupted' | 'guarded'
  started_at: Instant
  finished_at: Instant | null
  counters: JsonText
  error: JsonText | null
  checkpoint_from: JsonText | null
  host: string
  pid: number
  process_started_at: string | null
  heartbeat_at: Instant
  lease_until: Instant
  resumed_from: string | null
  /** Whose account or token it was; null: nobody's, or it is older than this column. */
  started_by: string | null
  /** Of the occurrence it serves; null: it was run by hand. */
  due_at: Instant | null
  cancel_reason: string | null
  cancelled_by: string | null
  cancelled_at: Instant | null
}

type RunFailureTable = { run_id: string; key: string; reason: string; raw: string; at: Instant }

type CheckpointTable = { job: string; value: JsonText; run_id: string; updated_at: Instant }

type ListingTable = {
  id: string
  job: string
  source: string
  is_full: 0 | 1
  complete: 0 | 1
  count: number
  started_at: Instant
  completed_at: Instant | null
}

type ListingItemTable = { listing_id: string; seq: number; external_id: string; body: string }

type BreakerTable = { service: string; status: string; state: JsonText }

type LimitTable = {
  service: string
  /** Theoretical arrival time of the next request, in microseconds since 1970. */
  tat_us: number
  not_before_ms: number | null
  /** When a slot was last taken, in milliseconds since 1970; tells that the clock was set back. */
  updated_ms: number
}

/** Where a call that was written down stands. `dead`: its deadline passed unsent, or it was given up after all tries. */
export type OutboxStatus =
  'waiting' | 'sending' | 'done' | 'partial' | 'failed' | 'unknown' | 'dead' | 'dropped'

type OutboxTable = {
  /** Counts up in the order of acceptance. */
  position: Generated<number>
  id: string
  kind: string
  operation: string
  effect: string
  service: string | null
  served_by: string | null
  input: JsonText | null
  input_hash: string
  idempotency_key: string
  correlation_id: string
  run_id: string | null
  status: OutboxStatus
  tries: number
  exchanges: number
  next_at: Instant | null
  deadline_at: Instant | null
  created_at: Instant
  created_by: string
  host: string | null
  pid: number | null
  process_started_at: string | null
  lease_until: Instant | null
  output: JsonText | null
  error: JsonText | null
  finished_at: Instant | null
}

type OutboxRecipientTable = { recipient: string; position: number }

type PlaceTable = {
  service: string
  number: number
  holder: string
  host: string
  pid: number
  process_started_at: string | null
  lease_until_ms: number
}

type CachedAnswerTable = { key: string; service: string; output: JsonText; stored_at: Instant }

export type Database = {
  meta: MetaTable
  key_slots: KeySlotTable
  secrets: SecretTable
  config_versions: ConfigVersionTable
  switches: SwitchTable
  runs: RunTable
  run_failures: RunFailureTable
  checkpoints: CheckpointTable
  listings: ListingTable
  listing_items: ListingItemTable
  breakers: BreakerTable
  limits: LimitTable
  outbox: OutboxTable
  outbox_recipients: OutboxRecipientTable
  places: PlaceTable
  cached_answers: CachedAnswerTable
} & CatalogTables &
  DaemonTables

/** The state, or a transaction on it. */
export type Db = Kysely<Database>

/** The call log's own file, or a transaction on it. */
export type LogDb = Kysely<CallLogTables>
