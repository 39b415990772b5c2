import { inspect } from 'node:util'
import { CaravanError, changed, IntegrationError, messageOf } from '../core/errors.ts'
import type { Call } from './call.ts'
import { redactorOf } from './redact.ts'

/** Says who failed at what and where the log has it, and takes out what must not be shown. */
export function nameFailure(call: Call, error: unknown): unknown {
  const told = withoutSecrets(call, error)
  if (!(told instanceof IntegrationError)) return told
  return Object.assign(told, {
    service: call.service?.name,
    operation: call.operation,
    callId: call.id,
    effect: call.effect,
  })
}

/** A vendor may quote a token in its answer, and a library a header in its error. Whatever has one is made anew. */
function withoutSecrets(call: Call, error: unknown): unknown {
  const { text } = redactorOf(call)
  const shown = inspect(error, { depth: 10 })
  if (text(shown) === shown) return error
  const optional = (value: string | undefined) => (value === undefined ? undefined : text(value))
  const message = text(messageOf(error))
  if (error instanceof IntegrationError) {
    const { hint, code, details } = error
    return changed(error, {
      message,
      hint: optional(hint),
      code: optional(code),
      details: details?.map((row) => withoutThem(row, text)),
      cause: undefined,
    })
  }
  if (error instanceof CaravanError) {
    const { code, hint, see } = error
    return new CaravanError({ code, message, hint: optional(hint), see: optional(see) })
  }
  return new Error(message)
}

/** A row of details: its texts, and as text whatever lies deeper. */
const withoutThem = (
  row: Readonly<Record<string, unknown>>,
  text: (raw: string) => string,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'string') return [name, text(value)]
      return [name, typeof value === 'object' && value !== null ? text(inspect(value)) : value]
    }),
  )
