/** Imports products without end, as fast as it can: node log-import-child.ts STATE */
import { systemClock } from '../../src/core/clock.ts'
import { openState } from '../../src/store/open.ts'
import { throughRepository } from './state-writers.ts'

const { db } = await openState(process.argv[2] ?? '', { clock: systemClock })
const write = throughRepository(db)
for (let generation = 0; ; generation++) {
  await write(20_000, generation)
  if (generation === 0) process.stdout.write('importing\n')
}
