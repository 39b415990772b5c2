/** One message in several requests, for vendors that take fewer numbers at once than it has. */
import { changed, IntegrationError, messageOf } from '../errors.ts'
import type { SmsRow } from './result.ts'

/**
 * Sends to one batch of numbers after the other. A retry of the operation would begin with the first batch again, so
 * nothing is thrown once anybody may have been reached: the numbers that are left get rows that say why. A refusal of
 * single numbers goes on to the next batch; a failure of the service ends the message there.
 */
export async function sendInTurn(
  batches: readonly (readonly string[])[],
  send: (to: readonly string[]) => Promise<SmsRow[]>,
): Promise<SmsRow[]> {
  const rows: SmsRow[] = []
  for (const [at, batch] of batches.entries()) {
    try {
      rows.push(...(await send(batch)))
    } catch (error) {
      const failure = failureOf(error)
      const isAlone = batches.length === 1 || failure.outcome === 'not_done'
      if (at === 0 && isAlone && !isOfRecipient(failure)) throw error
      const status = failure.outcome === 'unknown' ? 'unknown' : 'failed'
      rows.push(...batch.map((to): SmsRow => ({ to, status, failure })))
      if (isOfRecipient(failure)) continue
      const rest = notSent(failure)
      const left = batches.slice(at + 1).flat()
      return [...rows, ...left.map((to): SmsRow => ({ to, status: 'failed', failure: rest }))]
    }
  }
  return rows
}

/** Numbers in batches of at most `size`. */
export const inBatches = (to: readonly string[], size: number): string[][] =>
  Array.from({ length: Math.ceil(to.length / size) }, (_, at) =>
    to.slice(at * size, (at + 1) * size),
  )

/** Says nothing about the other numbers. */
const isOfRecipient = ({ kind, scope, outcome }: IntegrationError): boolean =>
  outcome === 'not_done' && (kind === 'rejected' || scope === 'recipient')

const notSent = (failure: IntegrationError): IntegrationError =>
  changed(failure, {
    outcome: 'not_done',
    message: `not sent, because the request before it failed: ${failure.message}`,
  })

/** An answer that could not be read: the request has left. */
const failureOf = (error: unknown): IntegrationError =>
  error instanceof IntegrationError
    ? error
    : new IntegrationError({
        kind: 'bad_response',
        message: `the answer could not be read: ${messageOf(error)}`,
        cause: error,
      })
