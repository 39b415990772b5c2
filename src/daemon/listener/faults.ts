/** How the API says that something did not work: one shape, one table of statuses. */
import type { ApiError } from '../../app/answers/api.ts'
import { hideTokens } from '../../app/token-text.ts'
import { CaravanError, type ErrorCode, exitOf, IntegrationError } from '../../core/errors.ts'
import type { Exit } from '../../core/exit-codes.ts'
import { type RefusalCode, refusals } from '../../core/refusals.ts'

export type RefusalOptions = {
  code: RefusalCode
  message: string
  hint?: string
  headers?: Readonly<Record<string, string>>
}

/** A request that is not let through. `why`, if given, is for the log alone. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly status: number
  readonly code: RefusalCode
  readonly hint?: string
  readonly headers: Readonly<Record<string, string>>
  readonly why?: string

  constructor({ why, ...options }: RefusalOptions & { why?: string }) {
    super(options.message)
    this.status = refusals[options.code].status
    this.code = options.code
    this.hint = options.hint
    this.headers = options.headers ?? {}
    this.why = why
  }
}

/** HTTP status of what a command would have ended with. A call that was made is answered by the same table. */
export const statusOfExit: Readonly<Record<Exit, number>> = {
  done: 200,
  partial: 200,
  finding: 200,
  unsettled: 202,
  pending: 202,
  usage: 400,
  notFound: 404,
  guarded: 409,
  locked: 409,
  failed: 422,
  config: 500,
  secrets: 500,
  credentials: 502,
  temporary: 503,
  interrupted: 503,
  terminated: 503,
  deadline: 504,
}

/** Where the exit alone says too little. */
export const statusOfCode: Partial<Record<ErrorCode, number>> = {
  consent_missing: 428,
  key_reused: 409,
  queue_settled: 409,
  run_ended: 409,
  no_service: 503,
  state_busy: 503,
  placeholder_unset: 500,
}

/** What its caller may be told: what is wrong with the request, or with what it named. The rest is the operator's matter. */
const told: ReadonlySet<ErrorCode> = new Set([
  'usage',
  'value_missing',
  'input_invalid',
  'consent_missing',
  'service_unknown',
  'job_unknown',
  'run_unknown',
  'call_unknown',
  'kind_unknown',
  'operation_unknown',
  'no_service',
  'queue_settled',
  'key_reused',
  'job_running',
  'call_running',
  'config_changed',
  'run_ended',
])

export type Fault = {
  status: number
  body: ApiError
  headers: Readonly<Record<string, string>>
  /** Set when the log has to tell more than the caller was told. */
  cause?: unknown
}

/** What is answered to a request that threw. Never a path, a statement, a stack or a secret. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Refusal) {
    const { status, code, message, hint, headers } = error
    return { status, headers, body: bodyOf({ code, message, hint }) }
  }
  if (error instanceof IntegrationError) {
    // Texts of vendors' failures were redacted where they were made.
    const { kind: code, message, hint } = error
    return {
      status: statusOfExit[exitOf(error)],
      headers: {},
      body: bodyOf({ code, message, hint }),
    }
  }
  if (error instanceof CaravanError) return faultOfOurs(error)
  return { ...hidden(500, 'internal'), cause: error }
}

function faultOfOurs(error: CaravanError): Fault {
  const { code, message, hint, see } = error
  if (told.has(code)) {
    const status = statusOfCode[code] ?? statusOfExit[exitOf(error)]
    return { status, headers: {}, body: bodyOf({ code, message, hint, see }) }
  }
  return { ...hidden(statusOfCode[code] ?? 500, code), cause: error }
}

const hidden = (status: number, code: string): Fault => ({
  status,
  headers: status === 503 ? { 'retry-after': '5' } : {},
  body: bodyOf({
    code,
    message: 'caravan could not do this for a reason that lies on its side',
    hint: 'The log of the daemon says why; the correlation id of this answer finds the line.',
  }),
})

export const bodyOf = (error: {
  code: string
  message: string
  hint?: string
  see?: string
}): ApiError => {
  const { code, message, hint = null, see = null } = error
  // What was asked for by name is repeated in an answer, and somebody may have put a token there.
  return { error: { code, message: hideTokens(message), hint: hint && hideTokens(hint), see } }
}
