/** Facts in which nothing is wrong, for tests of alerts. */
import { noCalls } from '../app/alerts/call-rates.ts'
import type { Facts, JobFacts, ServiceFacts } from '../app/alerts/facts.ts'
import { Config } from '../config/schema.ts'

export const alertSettings = (more: Partial<Facts['settings']> = {}): Facts['settings'] => ({
  ...Config.parse({ version: 1 }).alerts,
  ...more,
})

export const factsWith = (more: Partial<Facts> = {}): Facts => ({
  now: new Date('2026-03-01T00:00:00.000Z'),
  settings: alertSettings(),
  services: [],
  jobs: [],
  daemons: [],
  expiries: [],
  state: { bytes: 0, limit: 1000 },
  disk: { freeBytes: 1e12, freeFiles: 1e6 },
  stuck: { dead: 0, unknown: 0 },
  failedHooks: [],
  channels: [],
  ...more,
})

export const service = (more: Partial<ServiceFacts>): ServiceFacts => ({
  name: 'haier',
  fault: null,
  rate: noCalls,
  lastCalls: [],
  failureLimit: 5,
  breaker: { word: 'closed', trippedBy: null, failures: 0 },
  checks: [],
  ...more,
})

export const job = (more: Partial<JobFacts>): JobFacts => ({
  id: 'sync',
  alertAfter: 1,
  hasSchedule: true,
  ends: [],
  missed: { count: 0, lastDueAt: null },
  nextDueAt: null,
  quarantine: null,
  ...more,
})
