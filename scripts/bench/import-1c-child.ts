/** Imports a catalogue into a fresh state twice and prints what it took. Arguments: the file, a free folder. */
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { onecCatalog } from '../../src/jobs/1c-catalog/index.ts'
import { runSync } from '../../src/jobs/runner.ts'
import { createState, openState } from '../../src/store/open.ts'

const [file = '', folder = ''] = process.argv.slice(2)
const path = join(folder, 'caravan.db')
await createState(path, systemClock)
const state = await openState(path, { clock: systemClock })

async function importFile(): Promise<number> {
  const startMs = systemClock.monotonicMs()
  const outcome = await runSync(onecCatalog, {
    db: state.db,
    clock: systemClock,
    signal: new AbortController().signal,
    trigger: 'bench',
    options: onecCatalog.options.parse({ paths: [file] }),
    clientsFor: () => ({ use: {}, source: {} }),
  })
  if (outcome.status !== 'success') throw outcome.error ?? new Error(outcome.status)
  return (systemClock.monotonicMs() - startMs) / 1000
}

const first = await importFile()
const again = await importFile()
await state.close()
console.log(JSON.stringify({ first, again, rssMb: process.resourceUsage().maxRSS / 1024 }))
