/** Every step of the two files, in order. A step's number is its place in the list; a released one is never edited. */
import type { Kysely } from 'kysely'
import { up as foundation } from './0001_foundation.ts'
import { up as catalog } from './0002_catalog.ts'
import { up as keySlots } from './0003_key_slots.ts'
import { up as credentialExpiry } from './0004_credential_expiry.ts'
import { up as configHistory } from './0005_config_history.ts'
import { up as outbox } from './0006_outbox.ts'
import { up as places } from './0007_places.ts'
import { up as cachedAnswers } from './0008_cached_answers.ts'
import { up as schedules } from './0009_schedules.ts'
import { up as daemons } from './0010_daemons.ts'
import { up as health } from './0011_health.ts'
import { up as alerts } from './0012_alerts.ts'
import { up as tokens } from './0013_tokens.ts'
import { up as hooks } from './0014_hooks.ts'
import { up as calls } from './calls/0001_calls.ts'
import { up as steps } from './calls/0002_steps.ts'
import { up as planner } from './calls/0003_planner.ts'
import { up as serviceStats } from './calls/0004_service_stats.ts'
import { up as correlation } from './calls/0005_correlation.ts'

export type Migration = (db: Kysely<unknown>) => Promise<void>

export const stateMigrations: readonly Migration[] = [
  foundation,
  catalog,
  keySlots,
  credentialExpiry,
  configHistory,
  outbox,
  places,
  cachedAnswers,
  schedules,
  daemons,
  health,
  alerts,
  tokens,
  hooks,
]

export const callLogMigrations: readonly Migration[] = [
  calls,
  steps,
  planner,
  serviceStats,
  correlation,
]
