/** A process of its own that imports an exchange, for tests that kill it: node import-1c-child.ts STATE PATH… */
import { systemClock } from '../core/clock.ts'
import { onecCatalog } from '../jobs/1c-catalog/index.ts'
import { runSync } from '../jobs/runner.ts'
import { openState } from '../store/open.ts'

const [path = '', ...paths] = process.argv.slice(2)
const state = await openState(path, { clock: systemClock })
console.log('begin')
const outcome = await runSync(onecCatalog, {
  db: state.db,
  clock: systemClock,
  signal: new AbortController().signal,
  trigger: 'test',
  options: onecCatalog.options.parse({ paths, accept_shrink: true }),
  clientsFor: () => ({ use: {}, source: {} }),
  onProgress: ({ done }) => console.log(`saved ${done}`),
})
console.log(outcome.status)
await state.close()
