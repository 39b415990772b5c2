/** The tables that the daemon works with: schedules, health, alerts, tokens, hooks. */
import type { Generated } from 'kysely'
import type { Instant, JsonText } from './schema.ts'

type ScheduleTable = {
  job: string
  spec: string
  next_due_at: Instant | null
  decided_until: Instant
  planned_at: Instant
}

/**
 * `waiting` has not begun: its jitter, or the run before it, is not over. `skipped` did not run, for its `reason`. The
 * rest is what became of its run. `interrupted` without `finished_at` is to be continued.
 */
export type OccurrenceStatus =
  'waiting' | 'running' | 'success' | 'partial' | 'failed' | 'interrupted' | 'guarded' | 'skipped'

/**
 * Why an occurrence did not run: the run before it was still going on, the job was paused, nothing was there to run it
 * (down, asleep, or the clock jumped over it), or the schedule it belonged to is no longer in the file.
 */
export type SkipReason = 'overlap' | 'paused' | 'missed' | 'unscheduled'

type OccurrenceTable = {
  job: string
  due_at: Instant
  last_due_at: Instant | null
  count: number
  status: OccurrenceStatus
  reason: SkipReason | null
  note: string | null
  begins_at: Instant
  decided_at: Instant
  started_at: Instant | null
  finished_at: Instant | null
  run_id: string | null
  runs: number
  crashes: Generated<number>
  spec: string | null
  host: string | null
  pid: number | null
  process_started_at: string | null
}

type PauseTable = {
  job: string
  reason: string
  until: Instant | null
  set_by: string
  set_at: Instant
}

type DaemonTable = {
  id: string
  version: string
  host: string
  pid: number
  process_started_at: string | null
  started_at: Instant
  heartbeat_at: Instant
  lease_until: Instant
  ticked_at: Instant | null
  stopped_at: Instant | null
  listens_at: string | null
  listen_error: string | null
  config_loaded_at: Instant | null
  config_error: string | null
}

type HealthCheckTable = {
  position: Generated<number>
  service: string
  at: Instant
  ok: 0 | 1
  duration_ms: number
  message: string
  error_kind: string | null
  call_id: string | null
}

type BreakerEventTable = {
  position: Generated<number>
  service: string
  at: Instant
  status: string
  former: string
  reason: string | null
  trips: number
}

export type AlertStatus = 'firing' | 'resolved'
export type Severity = 'low' | 'medium' | 'high'
export type Notice = 'fired' | 'resolved'

type AlertTable = {
  id: string
  rule: string
  subject: string
  severity: Severity
  status: AlertStatus
  title: string
  detail: string
  todo: string
  count: number | null
  fired_at: Instant
  seen_at: Instant
  resolved_at: Instant | null
  /** What is held back: by a silence, the cooldown, or for want of a channel. */
  notice: Notice | null
  announced_at: Instant | null
  told_at: Instant | null
  silenced_by: string | null
}

type SilenceTable = {
  id: string
  rule: string | null
  subject: string | null
  reason: string
  until: Instant
  set_by: string
  set_at: Instant
}

type AlertChannelTable = {
  service: string
  delivered_at: Instant | null
  failing_since: Instant | null
  failures: number
  next_at: Instant | null
  error: string | null
}

type AlertDeliveryTable = { service: string; alert: string; notice: Notice; since: Instant }

type TokenTable = {
  id: string
  name: string
  hash: string
  scopes: JsonText
  created_at: Instant
  created_by: string
  expires_at: Instant | null
  used_at: Instant | null
  revoked_at: Instant | null
}

export type HookStatus = 'received' | 'handled' | 'failed'

type HookEventTable = {
  position: Generated<number>
  id: string
  service: string
  event_id: string
  type: string
  at: Instant | null
  data: JsonText
  received_at: Instant
  repeats: number
  status: HookStatus
  tries: number
  next_at: Instant | null
  handled_at: Instant | null
  outcome: string | null
  error: string | null
}

type MessageStateTable = {
  service: string
  message_id: string
  recipient: string
  status: string
  code: string | null
  error: JsonText | null
  at: Instant | null
  updated_at: Instant
  call_id: string | null
  event: string | null
}

type OrderStateTable = {
  service: string
  order_no: string
  event_type: string
  supplier_order_no: string | null
  succeeded: 0 | 1
  failure: string | null
  at: Instant | null
  updated_at: Instant
  event: string
}

export type DaemonTables = {
  schedules: ScheduleTable
  occurrences: OccurrenceTable
  pauses: PauseTable
  daemons: DaemonTable
  health_checks: HealthCheckTable
  breaker_events: BreakerEventTable
  alerts: AlertTable
  silences: SilenceTable
  alert_channels: AlertChannelTable
  alert_deliveries: AlertDeliveryTable
  tokens: TokenTable
  hook_events: HookEventTable
  message_states: MessageStateTable
  order_states: OrderStateTable
}
