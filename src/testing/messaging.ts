/** What the messaging vectors say, compared with what an adapter makes of it. */
import type { IntegrationError } from '../core/errors.ts'
import type { HookReading } from '../core/hook.ts'
import type { SmsResult } from '../core/kinds/sms.ts'
import { mayNext } from '../calls/repeat.ts'
import { type VectorCase, vectors } from './vectors.ts'

export type Classified = {
  class: string
  kind: string
  outcome: string
  failover: boolean
  scope?: string
  retryAfterSeconds?: number
  retryUntil?: string
}
export type ClassificationInput = {
  provider: string
  operation: string
  httpStatus: number
  code: string | number
  message?: string
  now?: string
}

/** The codes of one vendor and what each of them means. */
export const classifications = (
  provider: string,
): VectorCase<ClassificationInput, Classified & Record<string, unknown>>[] =>
  vectors('messaging/error-classification', ({ input }) => input.provider === provider)

/** A failure in the words of the vectors: what is compared is what the call path decides by. */
export function classified(error: IntegrationError, now?: string): Classified {
  const { kind, outcome, scope, retryAfterMs } = error
  return {
    class: classOf(error),
    kind,
    outcome,
    failover: mayNext(error, 'once'),
    scope: kind === 'rate_limited' ? (scope ?? 'account') : undefined,
    retryAfterSeconds: retryAfterMs === undefined ? undefined : retryAfterMs / 1000,
    retryUntil:
      now && retryAfterMs !== undefined
        ? new Date(Date.parse(now) + retryAfterMs).toISOString()
        : undefined,
  }
}

/** The vectors tell two sorts of `rejected` apart by whom it concerns; the call path treats them alike. */
export function wantedOf(wanted: Classified & Record<string, unknown>): Record<string, unknown> {
  const { class: name, kind, outcome, failover, scope, retryAfterSeconds, retryUntil } = wanted
  const rest = { class: sortOf(name), kind, outcome, failover, scope, retryAfterSeconds }
  const until = retryUntil === undefined ? undefined : new Date(retryUntil).toISOString()
  const all = Object.entries({ ...rest, retryUntil: until })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined))
}

const classes: Partial<Record<IntegrationError['kind'], string>> = {
  auth: 'configuration',
  config: 'configuration',
  rate_limited: 'rate-limit',
  rejected: 'refused',
}

export const classOf = ({ kind }: Pick<IntegrationError, 'kind'>): string =>
  classes[kind] ?? 'retryable'

export const sortOf = (name: string): string =>
  name === 'request-invalid' || name === 'recipient-final' ? 'refused' : name

export type Mapped = {
  status: string
  partial: boolean
  messageId?: string
  requestId?: string
  recipients?: {
    to: string
    status: string
    messageId?: string
    parts?: number
    error?: MappedError
  }[]
  error?: MappedError
}
type MappedError = {
  class: string
  code?: string
  outcome?: string
  scope?: string
  retryAfterSeconds?: number
}

/** What a vector wants of a `send`, with the classes as `mapped` names them. */
export function wantedResult(wanted: Mapped): unknown {
  const named = (error: MappedError | undefined) =>
    error ? { error: { ...error, class: sortOf(error.class) } } : {}
  const { recipients, error, ...rest } = wanted
  const rows = recipients?.map(({ error: why, ...row }) => ({ ...row, ...named(why) }))
  return { ...rest, ...named(error), ...(rows ? { recipients: rows } : {}) }
}

/** A result, or the failure that stands for one, in the words of the vectors. */
export function mapped(ended: SmsResult | IntegrationError): Mapped {
  if (!(ended instanceof Error)) {
    const { recipients, ...rest } = ended
    return {
      ...rest,
      recipients: recipients.map(({ error, ...row }) =>
        error ? { ...row, error: { ...error, class: classOf(error) } } : row,
      ),
    }
  }
  const rows = ended.details as readonly Row[] | undefined
  return {
    status: ended.outcome === 'unknown' ? 'unknown' : 'failed',
    partial: new Set(rows?.map(({ status }) => status)).size > 1,
    requestId: rows?.[0]?.requestId,
    error: {
      class: classOf(ended),
      code: ended.code,
      outcome: ended.outcome,
      scope: ended.scope,
      retryAfterSeconds: ended.retryAfterMs === undefined ? undefined : ended.retryAfterMs / 1000,
    },
    recipients: rows?.map(({ to, status, kind, code, scope }) => ({
      to,
      status,
      error: { class: classOf({ kind }), code, scope },
    })),
  }
}

type Row = {
  to: string
  status: string
  kind: IntegrationError['kind']
  code?: string
  scope?: string
  requestId?: string
}

/** What a hook made of a receipt, in the words of the vectors; instants as ISO 8601 in UTC. */
export function receiptsIn(reading: HookReading): unknown[] {
  if (reading.verdict === 'refused') return []
  return reading.events.map(({ at, data }) => ({ ...data, at: at?.toISOString() }))
}

/** Instants of a vector as ours are written. */
export const withInstants = <T extends { at?: string }>(rows: readonly T[]): T[] =>
  rows.map((row) => (row.at ? { ...row, at: new Date(row.at).toISOString() } : row))

/** Keys of a vector's config as ours are written: `signName` is `sign_name`. */
export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

type Fault = { field: string }
type CheckedAdapter = {
  config: {
    safeParse(config: unknown): {
      success: boolean
      data?: unknown
      error?: { issues: { path: PropertyKey[] }[] }
    }
  }
  checkConfig?(config: never): Fault[]
  warnConfig?(config: never): Fault[]
}

/** What the offline rules of an adapter say of a config: the fields at fault and those that look like a slip. */
export function checkOffline(
  adapter: CheckedAdapter,
  config: Record<string, unknown>,
): { faults: string[]; warnings: string[] } {
  const parsed = adapter.config.safeParse(config)
  if (!parsed.success) {
    const faults = parsed.error?.issues.map(({ path }) => String(path[0])) ?? []
    return { faults: [...new Set(faults)], warnings: [] }
  }
  const fields = (found: Fault[] | undefined) => found?.map(({ field }) => field) ?? []
  const faults = fields(adapter.checkConfig?.(parsed.data as never))
  const warnings = fields(adapter.warnConfig?.(parsed.data as never))
  return { faults, warnings: faults.length > 0 ? [] : warnings }
}

export type ConfigCase = VectorCase<
  { provider: string; config: Record<string, unknown> },
  { valid: boolean; field?: string; warning?: string }
>

/** The offline checks of one vendor, in our spelling of its keys. */
export function configCases(provider: string): ConfigCase[] {
  const wanted = (each: ConfigCase) => each.input.provider === provider
  const cases = vectors<ConfigCase['input'], ConfigCase['expect']>(
    'messaging/config-validation',
    wanted,
  )
  return cases.map((each) => ({
    ...each,
    input: {
      provider,
      config: Object.fromEntries(
        Object.entries(each.input.config).map(([name, value]) => [snakeCase(name), value]),
      ),
    },
    expect: {
      ...each.expect,
      field: each.expect.field && snakeCase(each.expect.field),
      warning: each.expect.warning && snakeCase(each.expect.warning),
    },
  }))
}
