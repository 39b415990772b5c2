import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../core/clock.ts'

/** How far the vendor's clock is ahead of ours, in milliseconds; or why that cannot be told. */
export type Skew = { aheadMs: number } | { unknown: string }

type Asked = {
  clock: Clock
  signal: AbortSignal
  /** For a proxy that is sent the whole address. */
  headers?: readonly string[]
  wholeUrl?: boolean
}

/**
 * Asks for nothing (`HEAD /`), without credentials, on a connection that stands, and reads the `Date` of the answer,
 * whatever its status. It is cut to whole seconds and may have waited, so it says nothing about less than a few.
 */
export async function readSkew(socket: Socket, origin: URL, asked: Asked): Promise<Skew> {
  const { clock, signal, headers = [], wholeUrl } = asked
  const sentAtMs = clock.now().getTime()
  const question = request({
    method: 'HEAD',
    path: wholeUrl ? `${origin.origin}/` : '/',
    headers: ['Host', origin.host, 'Connection', 'close', ...headers],
    createConnection: () => socket,
    signal,
  })
  question.on('error', () => undefined)
  question.end()
  let answer: IncomingMessage
  try {
    ;[answer] = (await once(question, 'response', { signal })) as [IncomingMessage]
  } catch {
    const why = signal.aborted ? 'no answer to a plain request' : 'a plain request is not answered'
    return { unknown: why }
  }
  answer.resume()
  const between = (sentAtMs + clock.now().getTime()) / 2
  const { date, age } = answer.headers
  if (!date) return { unknown: 'no Date header' }
  const at = instantIn(date)
  if (at === undefined) return { unknown: 'its Date header is no date' }
  // A cache answers with the date of the vendor's answer, and says how long it has kept it.
  const keptMs = /^\d+$/.test(age ?? '') ? Number(age) * 1000 : 0
  return { aheadMs: Math.round(at + keptMs + halfSecond - between) }
}

/**
 * The three forms of HTTP, in milliseconds; the oldest names no zone and is in GMT too. Anything else `Date.parse` would
 * take for local time, or for a year. RFC 9110, section 5.6.7.
 */
function instantIn(date: string): number | undefined {
  const isOldest = /^\w{3} \w{3} [ \d]?\d \d{2}:\d{2}:\d{2} \d{4}$/.test(date)
  if (!isOldest && !/^\w+, \d.* (GMT|UTC|[+-]\d{4})$/.test(date)) return undefined
  const at = Date.parse(isOldest ? `${date} GMT` : date)
  return Number.isNaN(at) ? undefined : at
}

/** Whole seconds are cut off, not rounded. */
const halfSecond = 500
