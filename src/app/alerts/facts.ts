/** What the rules are judged by, read once for each pass: facts in, findings out. */
import type { Config } from '../../config/schema.ts'
import type { CheckedHealth, EndedRun, JudgedCall, LiveDaemon } from '../../store/alert-facts.ts'
import type { AlertChannel } from '../../store/alert-channels.ts'
import type { Rate } from './call-rates.ts'

export type AlertSettings = Config['alerts']

export type ServiceFacts = {
  name: string
  /** Why it cannot be used: the first fault of its config. */
  fault: string | null
  /** Of its calls in the window. */
  rate: Rate
  /** The last calls that tell of it, newest first, as many as the limit. */
  lastCalls: readonly JudgedCall[]
  /** How many failures in a row are worth a word: those that open its breaker. */
  failureLimit: number
  breaker: BreakerFacts
  /** Newest first. */
  checks: readonly CheckedHealth[]
}

export type BreakerFacts = {
  word: 'closed' | 'open' | 'half-open' | 'held'
  /** Who opened it by hand. */
  trippedBy: string | null
  /** Failures in a row that opened it. */
  failures: number
}

export type JobFacts = {
  id: string
  alertAfter: number
  hasSchedule: boolean
  /** The last runs that came to an end of their own, newest first. */
  ends: readonly EndedRun[]
  /** Occurrences that nothing was there to run, decided in the window. */
  missed: { count: number; lastDueAt: string | null }
  /** As the scheduler has planned it. */
  nextDueAt: string | null
  /** Set while caravan itself keeps it from running. */
  quarantine: { reason: string; since: string } | null
}

export type ExpiryFacts = {
  what: 'secret' | 'token'
  name: string
  at: string
  /** Services that use it. */
  users: readonly string[]
}

export type Facts = {
  now: Date
  settings: AlertSettings
  /** Of the file, those that somebody switched off left out. */
  services: readonly ServiceFacts[]
  /** Of the file, those that are not enabled left out, and whatever else was run within a day. */
  jobs: readonly JobFacts[]
  daemons: readonly LiveDaemon[]
  expiries: readonly ExpiryFacts[]
  /** In bytes. */
  state: { bytes: number; limit: number }
  disk: { freeBytes: number; freeFiles: number | null } | null
  /** Calls that wait for a person. */
  stuck: { dead: number; unknown: number }
  failedHooks: readonly { service: string; count: number }[]
  channels: readonly AlertChannel[]
}
