/**
 * Run as a process of its own: one sync of the project in a folder, as `caravan sync` does it. Prints milliseconds, peak
 * memory in bytes and counters as JSON. With `no-limit` it sends as fast as it can.
 */
import { openApp } from '../../src/app/app.ts'
import { runJob } from '../../src/app/run.ts'
import { systemClock } from '../../src/core/clock.ts'

const [folder = '', limit = ''] = process.argv.slice(2)
const { signal } = new AbortController()
const app = openApp({ env: {}, cwd: folder, clock: systemClock, signal })
if (limit === 'no-limit') delete (await app.service('haier')).guards.perSecond
const startedMs = systemClock.monotonicMs()
const options = { prices: true, stock: true }
const { report, error } = await runJob(app, 'haier-products', { options })
if (error) throw error
await app.close()
const durationMs = systemClock.monotonicMs() - startedMs
const peakBytes = process.resourceUsage().maxRSS * 1024
process.stdout.write(JSON.stringify({ durationMs, peakBytes, counters: report.counters }))
