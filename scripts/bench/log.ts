/** The call log: what an insert costs while a bulk import is running, and what a page costs at fifty times the size. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import Sqlite from 'better-sqlite3'
import type { Kysely } from 'kysely'
import { up as teachPlanner } from '../../migrations/calls/0003_planner.ts'
import { systemClock } from '../../src/core/clock.ts'
import { openCallLog } from '../../src/store/call-log.ts'
import { insertCalls } from '../../src/store/calls.ts'
import { callLogPath } from '../../src/store/files.ts'
import { type CallFilter, listCalls } from '../../src/store/list-calls.ts'
import { createState } from '../../src/store/open.ts'
import type { LogDb } from '../../src/store/schema.ts'
import { callRow } from '../../src/testing/call-rows.ts'
import type { Measure } from './measure.ts'

export async function* benchLog(options: { quick: boolean }): AsyncGenerator<Measure> {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-bench-'))
  try {
    yield await insertBesideImport(folder, options.quick ? 1000 : 5000)
    yield* pages(folder, options.quick ? [20_000, 1_000_000] : [200_000, 10_000_000])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** In milliseconds, the 99th percentile: a call is written to the log every 5 ms, as a calm sync would. */
async function insertBesideImport(folder: string, count: number): Promise<Measure> {
  const path = join(folder, 'caravan.db')
  await createState(path, systemClock)
  const log = await openCallLog(callLogPath(path), { clock: systemClock })
  const alone = await p99OfInserts(log.db, 0, count)
  const importing = spawn(
    process.execPath,
    [join(import.meta.dirname, 'log-import-child.ts'), path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(importing.stdout, 'data') // the first batch is in
  const beside = await p99OfInserts(log.db, count, count)
  const ended = once(importing, 'exit')
  importing.kill()
  await ended
  await log.close()
  return {
    name: 'log insert during a bulk import, p99',
    figure: beside,
    unit: 'ms',
    reference: 'the same without the import',
    referenceFigure: alone,
    ratio: beside / alone,
  }
}

async function p99OfInserts(db: LogDb, from: number, count: number): Promise<number> {
  const took: number[] = []
  for (let n = from; n < from + count; n++) {
    const startedMs = performance.now()
    await insertCalls(db, [callRow(n)])
    took.push(performance.now() - startedMs)
    await systemClock.sleep(5)
  }
  return took.toSorted((a, b) => a - b)[Math.floor(count * 0.99)] ?? 0
}

/** Every combination of the filters of `caravan logs`; the worst of them is what is promised. */
async function* pages(
  folder: string,
  [few = 0, many = 0]: [few: number, many: number],
): AsyncGenerator<Measure> {
  const small = await filledLog(join(folder, 'few.calls.db'), few)
  const large = await filledLog(join(folder, 'many.calls.db'), many)
  const ratios: { name: string; small: number; large: number }[] = []
  for (const names of combinations(Object.keys(filters))) {
    ratios.push({
      name: names.join(' + ') || 'no filter',
      small: await pageTime(small.db, filterOf(names, few)),
      large: await pageTime(large.db, filterOf(names, many)),
    })
  }
  const hasText = ({ name }: { name: string }) => name.includes('text')
  for (const [what, some] of Object.entries({
    'without a text': ratios.filter((one) => !hasText(one)),
    'with a text': ratios.filter(hasText),
  })) {
    const one = some.toSorted((a, b) => b.large / b.small - a.large / a.small)[0]!
    yield {
      name: `page of 50 in ${many} calls, worst of ${some.length} filters ${what}: ${one.name}`,
      figure: one.large,
      unit: 'ms',
      reference: `the same page in ${few}`,
      referenceFigure: one.small,
      ratio: one.large / one.small,
    }
  }
  await small.close()
  await large.close()
}

/** Each matches a share of the calls that is the same at any size; a run is always a thousand calls. */
const filters: Record<string, (total: number) => CallFilter> = {
  service: () => ({ service: 's7' }),
  operation: () => ({ kind: 'k1', operation: 'op3' }),
  failed: () => ({ outcome: 'failed' }),
  unknown: () => ({ outcome: 'unknown' }),
  since: (total) => ({ since: new Date(startMs + total * 500) }),
  until: (total) => ({ until: new Date(startMs + total * 900) }),
  run: (total) => ({ run: `run${Math.floor(total / 2000)}` }),
  text: () => ({ text: 'needle' }),
}

const filterOf = (names: readonly string[], total: number): CallFilter =>
  Object.assign({}, ...names.map((name) => filters[name]?.(total))) as CallFilter

function combinations(names: readonly string[]): string[][] {
  const all = Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((__, at) => bits & (1 << at)),
  )
  return all.filter((some) => !(some.includes('failed') && some.includes('unknown')))
}

/** The median of nine, in milliseconds, after one that warms up. */
async function pageTime(db: LogDb, filter: CallFilter): Promise<number> {
  const took: number[] = []
  for (let round = 0; round < 10; round++) {
    const startedMs = performance.now()
    await listCalls(db, filter, { limit: 50 })
    if (round > 0) took.push(performance.now() - startedMs)
  }
  return took.toSorted((a, b) => a - b)[4] ?? 0
}

const startMs = Date.UTC(2026, 0, 1)

/** Twenty services of three kinds with ten operations, two failures and one unknown in a hundred, a call a second. */
async function filledLog(path: string, count: number) {
  await openCallLog(path, { clock: systemClock }).then(({ close }) => close())
  const handle = new Sqlite(path)
  handle.pragma('synchronous = off')
  handle.pragma('cache_size = -500000')
  const indexes = handle
    .prepare<[], { name: string; sql: string }>(
      "select name, sql from sqlite_master where type = 'index' and tbl_name = 'calls' and sql is not null",
    )
    .all()
  for (const { name } of indexes) handle.exec(`drop index ${name}`)
  handle.exec(`
    with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${count})
    insert into calls (id, service, kind, operation, adapter, repeat, effect, outcome, started_at, duration_ms, attempts,
                       run_id, correlation_id, request, response)
    select printf('01A%023d', i), 's' || (i * 7 % 20), 'k' || (i * 7 % 20 % 3), 'op' || (i / 20 % 10), 'a', 'safe', 'read',
           case i * 31 % 100 when 5 then 'failed' when 6 then 'failed' when 7 then 'unknown' else 'done' end,
           strftime('%Y-%m-%dT%H:%M:%fZ', ${startMs / 1000} + i, 'unixepoch'), 12, 1,
           case i / 1000 % 2 when 0 then 'run' || (i / 2000) end, 'c',
           case i * 13 % 400 when 9 then '{"a":"needle"}' else '{}' end, '{}'
    from n`)
  for (const { sql } of indexes) handle.exec(sql)
  handle.close()
  const log = await openCallLog(path, { clock: systemClock })
  await teachPlanner(log.db as Kysely<unknown>) // it forgot what it knew of an index that was dropped
  await log.close()
  return openCallLog(path, { clock: systemClock })
}
