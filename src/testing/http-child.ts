/** A process that reads one answer and prints what became of it and how far its memory grew: node http-child.ts URL */
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { createHttp } from '../http/client.ts'

const signal = new AbortController().signal
const http = createHttp({
  baseUrl: process.argv[2] ?? '',
  clock: systemClock,
  timeoutMs: 20_000,
  signal,
})
await http.send({ method: 'GET', url: '/small' })
const before = process.memoryUsage().rss
const end = await http.send({ method: 'GET', url: '/big' }).catch(messageOf)
// Not maxRSS: that one begins with what the parent had. What was taken is not given back so soon.
const grownMb = (process.memoryUsage().rss - before) / 1e6
process.stdout.write(`${JSON.stringify({ end, grownMb })}\n`)
