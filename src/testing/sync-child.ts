/**
 * A process of its own that runs the Haier sync of a project, for tests that kill it: sync-child.ts FOLDER OPTIONS. Prints
 * "started", then the report as JSON or the code of what kept it from starting.
 */
import { openApp } from '../app/app.ts'
import { runJob } from '../app/run.ts'
import { systemClock } from '../core/clock.ts'
import { CaravanError, messageOf } from '../core/errors.ts'

const [folder = '', options = '{}'] = process.argv.slice(2)
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const app = openApp({ env: {}, cwd: folder, clock: systemClock, signal: stop.signal })
// As fast as the twin answers: what is measured here is not the limit.
delete (await app.service('haier')).guards.perSecond
process.stdout.write('started\n')
try {
  const request = { options: JSON.parse(options) as Record<string, unknown> }
  const { report } = await runJob(app, 'haier-products', request)
  process.stdout.write(`${JSON.stringify(report)}\n`)
} catch (error) {
  process.stdout.write(`${error instanceof CaravanError ? error.code : messageOf(error)}\n`)
}
await app.close().catch(() => undefined)
