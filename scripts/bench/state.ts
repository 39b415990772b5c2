/** How fast and how lean the state takes products, against a loop over one prepared statement on the same file. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../../src/core/clock.ts'
import { createState } from '../../src/store/open.ts'
import type { Database } from '../../src/store/schema.ts'
import { connect, createKysely } from '../../src/store/sqlite.ts'
import type { Measure } from './measure.ts'
import { preparedLoop, throughRepository, throughUpsert, type Writer } from './state-writers.ts'

const reference = 'prepared better-sqlite3 statement, one row a run, same file'

export async function* benchState({ quick }: { quick: boolean }): AsyncGenerator<Measure> {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-bench-'))
  try {
    yield* benchSpeed(join(folder, 'speed.db'), quick ? 20_000 : 200_000)
    yield* benchMemory(folder, quick ? 100_000 : 1_000_000)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Changed products per second, the ways by turns so that a busy machine hits all alike; the best of three rounds. */
async function* benchSpeed(path: string, count: number): AsyncGenerator<Measure> {
  await createState(path, systemClock)
  const handle = connect(path, 'FULL')
  const db = createKysely<Database>(handle, path)
  const writers: Record<string, Writer> = {
    prepared: preparedLoop(handle),
    upsert: throughUpsert(db),
    repository: throughRepository(db),
  }
  const best: Record<string, number> = {}
  let generation = 0
  await preparedLoop(handle)(count, generation)
  for (let round = 0; round < 3; round++) {
    for (const [way, write] of Object.entries(writers)) {
      const startMs = systemClock.monotonicMs()
      await write(count, ++generation)
      const perSecond = (count * 1000) / (systemClock.monotonicMs() - startMs)
      best[way] = Math.max(best[way] ?? 0, perSecond)
    }
  }
  await db.destroy()
  for (const way of ['upsert', 'repository']) {
    yield result(`state ${way}, ${count} changed products`, best[way], 'rows/s', best.prepared)
  }
}

/** Peak memory of a process that writes so many new products. */
async function* benchMemory(folder: string, count: number): AsyncGenerator<Measure> {
  const peaks: Record<string, number> = {}
  for (const way of ['prepared', 'upsert', 'repository']) {
    const path = join(folder, `${way}.db`)
    await createState(path, systemClock)
    const child = join(import.meta.dirname, 'state-memory.ts')
    const run = await promisify(execFile)(process.execPath, [child, path, way, String(count)])
    peaks[way] = Number(run.stdout) / 1e6
    rmSync(path)
  }
  for (const way of ['upsert', 'repository']) {
    yield result(`state ${way}, peak memory of ${count} products`, peaks[way], 'MB', peaks.prepared)
  }
}

function result(name: string, figure = 0, unit: string, referenceFigure = 0): Measure {
  const ratio = Number((figure / referenceFigure).toFixed(3))
  return {
    name,
    figure: Math.round(figure),
    unit,
    reference,
    referenceFigure: Math.round(referenceFigure),
    ratio,
  }
}
