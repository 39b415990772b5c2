import { CaravanError, IntegrationError, messageOf } from '../core/errors.ts'
import type { StoredFailure } from '../store/outbox.ts'
import type { Call } from './call.ts'
import { redactorOf } from './redact.ts'

/** Code of a call whose process ended while it was under way. */
export const interruptedCode = 'interrupted'

/** A failure as the outbox keeps it. `asked` are those whose secrets it must not hold. */
export function storedFailure(
  call: Pick<Call, 'asked'>,
  error: unknown,
  outcome: StoredFailure['outcome'],
): StoredFailure {
  const { text } = redactorOf(call)
  const redacted = (value: string | undefined) => (value === undefined ? null : text(value))
  const isOurs = error instanceof CaravanError
  const told = error instanceof IntegrationError || isOurs ? error : undefined
  return {
    kind: error instanceof IntegrationError ? error.kind : 'internal',
    code: redacted(told?.code),
    message: text(messageOf(error)),
    hint: redacted(told?.hint),
    outcome,
  }
}

/** The answer of a call as JSON, without secrets a vendor may have echoed. */
export function storedOutput(call: Pick<Call, 'asked'>, output: unknown): string | null {
  const { text } = redactorOf(call)
  const clean = (_name: string, value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (typeof value === 'number' || typeof value === 'bigint') {
      const written = String(value)
      return typeof value === 'bigint' || text(written) !== written ? text(written) : value
    }
    return value
  }
  try {
    return JSON.stringify(output, clean) ?? null
  } catch {
    return null // not JSON: the call is done all the same
  }
}
