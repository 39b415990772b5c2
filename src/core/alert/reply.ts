/** How the answers of chat robots are read: HTTP 200 with a code that says what became of it. */
import type { Clock } from '../clock.ts'
import { clockHint } from '../clock-hint.ts'
import { changed, IntegrationError } from '../errors.ts'
import { failureOf, type Meaning } from '../failure-table.ts'
import type { HttpReply } from '../http.ts'

/** The failure behind an answer, which for a refused signature names what the clocks differ by; undefined for success, and for what the http layer knows better: no JSON, a bare status. */
export function readRobotFailure(
  table: readonly Meaning[],
  reply: HttpReply,
  clock: Clock,
  fields: { code: readonly string[]; message: readonly string[] },
): IntegrationError | undefined {
  if (reply.json === undefined) return undefined
  const code = firstOf(reply.json, fields.code)
  if (code === undefined) return reply.status < 300 ? withoutCode(reply.status) : undefined
  if (String(code) === '0') return undefined
  const said = firstOf(reply.json, fields.message)
  const message = said === undefined ? undefined : String(said)
  const seconds = Number(reply.headers['retry-after'] || Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : undefined
  const { status } = reply
  const failure = failureOf(table, { code, message, status, retryAfterMs })
  const off =
    failure.kind === 'auth' ? clockHint(reply.headers.date, clock.now(), notableMs) : undefined
  return off ? changed(failure, { hint: [off, failure.hint].filter(Boolean).join(' ') }) : failure
}

/** A smaller difference is no reason to refuse a signature that is good for an hour. */
const notableMs = 5 * 60_000

function firstOf(json: unknown, names: readonly string[]): string | number | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const values = names.map((name) => (json as Record<string, unknown>)[name])
  return values.find((value) => typeof value === 'string' || typeof value === 'number')
}

const withoutCode = (status: number): IntegrationError =>
  new IntegrationError({
    kind: 'bad_response',
    status,
    message: 'the answer does not say what became of the message',
    hint: 'Another program may be answering at this address. Check the webhook.',
  })

/** A refusal by which the vendor shows that it has read the key: what a check is after. */
export function proves(error: unknown, codes: RegExp): boolean {
  return (
    error instanceof IntegrationError && error.kind === 'rejected' && codes.test(error.code ?? '')
  )
}
