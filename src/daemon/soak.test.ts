/**
 * The soak in CI's time: thousands of occurrences on a fast clock, through the real scheduler, runner and call path, with
 * vendors that fail, processes that are killed and stopped, and schedules that change.
 */
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { type Child, startChild } from '../testing/child.ts'
import { startCountingVendor } from '../testing/crowd.ts'
import { printedSeed, randomFrom } from '../testing/random.ts'
import type { SoakPlan } from '../testing/soak-plan.ts'
import { fileState } from '../testing/state.ts'

const isLong = process.env.CARAVAN_FAULTS === 'long'
const wanted = isLong ? 60_000 : 2000
const kills = isLong ? 40 : 4
const memoryEvery = isLong ? 200 : 20
const minuteMs = 60_000

it(
  `${wanted} occurrences with faults, kills and reloads: each is accounted for once, and memory is flat`,
  { timeout: isLong ? 3_600_000 : 240_000 },
  async () => {
    const random = randomFrom(printedSeed())
    const { state } = await fileState()
    const vendor = await startCountingVendor((response) => {
      const luck = random()
      if (luck < 0.03) response.destroy()
      else if (luck < 0.06) response.writeHead(500).end('{}')
      else void systemClock.sleep(luck < 0.1 ? 200 : 2).then(() => response.end('{}'))
    })
    const db = new Sqlite(state.path, { readonly: true })
    const counted = () =>
      Number(db.prepare('select coalesce(sum(count), 0) from occurrences').pluck().get())
    const decided = db.prepare('select max(decided_until) from schedules').pluck()
    /** Each begins some minutes after the one before was last seen. */
    const start = () => {
      const former = Date.parse((decided.get() as string | null) ?? '2026-03-01T00:00:00.000Z')
      const startMs = former + Math.floor(random() * 8 * minuteMs)
      const plan = { state: state.path, url: vendor.url, jobs: 20, startMs, memoryEvery }
      return startChild('soak-child.ts', JSON.stringify(plan satisfies SoakPlan))
    }
    const reach = async (child: Child, count: number) => {
      while (counted() < count && child.process.exitCode === null) await systemClock.sleep(20)
    }

    const told: string[] = []
    for (let kill = 0; kill < kills; kill++) {
      const child = start()
      await child.printed(1)
      // The last process gets half of all, so that its memory says something.
      await reach(child, ((kill + random()) / kills / 2) * wanted)
      child.process.kill('SIGHUP')
      if (kill % 2 === 1) child.process.kill('SIGUSR2')
      await systemClock.sleep(random() * 300)
      await child.kill()
      told.push(...child.lines())
    }
    const last = start()
    await last.printed(1)
    await reach(last, wanted * 0.75)
    last.process.kill('SIGHUP')
    await reach(last, wanted)
    last.process.kill('SIGTERM')
    expect(await last.ended).toBe(0)
    told.push(...last.lines())

    const ledger = db.prepare('select * from occurrences order by job, due_at').all() as Row[]
    const untils = db.prepare('select job, decided_until from schedules').raw().all()
    const held = last.lines().flatMap(heldIn)
    const heap = atThree(held.map(({ heapMb }) => heapMb))
    const figures = {
      occurrences: counted(),
      became: tally(ledger),
      requests: vendor.arrivals.length,
      rss_mb: atThree(held.map(({ rssMb }) => rssMb)),
      heap_mb: heap,
    }
    process.stdout.write(`${JSON.stringify(figures)}\n`)

    expect(gapsOf(ledger, new Map(untils as [string, string][]))).toEqual([])
    expect(ledger.filter((row) => !isAccounted(row))).toEqual([])
    expect(counted()).toBeGreaterThanOrEqual(wanted)
    // Most of them ran: a ledger of nothing but excuses would be complete too.
    expect(ledger.filter(({ runs }) => runs > 0).length).toBeGreaterThan(wanted / 10)
    expect(runsLeft(db)).toEqual([])
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(held.length).toBeGreaterThan(8)
    expect(heap.end - heap.middle).toBeLessThan(mostGrowthMb)
    expect(told.filter((line) => line.startsWith('error'))).toEqual([])
    db.close()
  },
)

/**
 * Of what is held once all garbage is gone. The process itself grows beside it until the pages that SQLite keeps, 16 MB
 * of each file, are all in use: 2.4 MB for 1000 occurrences, and nothing with 1 MB of them.
 */
const mostGrowthMb = 3

type Held = { heapMb: number; rssMb: number }

const mb = (bytes: unknown): number => Number((Number(bytes) / 2 ** 20).toFixed(1))

/** `memory HEAP EXTERNAL RSS`, in bytes. */
function heldIn(line: string): Held[] {
  const [word, heap, external, rss] = line.split(' ')
  if (word !== 'memory') return []
  return [{ heapMb: mb(Number(heap) + Number(external)), rssMb: mb(rss) }]
}

/** The first, and the least of the second quarter and of the last one: what runs at that moment comes on top. */
function atThree(values: readonly number[]) {
  const quarter = Math.ceil(values.length / 4)
  const [begin = 0] = values
  const middle = Math.min(...values.slice(quarter, 2 * quarter))
  return { begin, middle, end: Math.min(...values.slice(-quarter)) }
}

type Row = {
  job: string
  due_at: string
  last_due_at: string | null
  count: number
  status: string
  reason: string | null
  note: string | null
  finished_at: string | null
  runs: number
}

const tally = (ledger: readonly Row[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { status, reason, count } of ledger) {
    const name = [status, reason].filter(Boolean).join(' ')
    counts[name] = (counts[name] ?? 0) + count
  }
  return counts
}

/** Minutes that no row stands for, or two do. The schedule of the first job changes, so its minutes may have gaps. */
function gapsOf(ledger: readonly Row[], until: ReadonlyMap<string, string>): string[] {
  const faults: string[] = []
  for (const job of new Set(ledger.map((row) => row.job))) {
    let expected: number | undefined
    for (const row of ledger.filter((one) => one.job === job)) {
      const due = Date.parse(row.due_at)
      const lastDue = Date.parse(row.last_due_at ?? row.due_at)
      const isNext = job === 'job-0' ? due >= (expected ?? due) : due === (expected ?? due)
      if (!isNext)
        faults.push(`${job}: ${row.due_at} follows ${new Date(expected! - minuteMs).toISOString()}`)
      if (job !== 'job-0' && row.count !== (lastDue - due) / minuteMs + 1) {
        faults.push(`${job}: ${row.due_at} to ${row.last_due_at} is told as ${row.count}`)
      }
      expected = lastDue + minuteMs
    }
    if (Date.parse(until.get(job) ?? '') >= expected! && job !== 'job-0') {
      faults.push(`${job}: nothing stands behind ${new Date(expected!).toISOString()}`)
    }
  }
  return faults
}

/** Skipped for a reason, or run; what was interrupted by the end is to be continued, what waits is to be begun. */
const isAccounted = ({ status, reason, note, finished_at: finishedAt, runs }: Row): boolean =>
  status === 'skipped'
    ? reason !== null && note !== null && finishedAt !== null
    : status === 'interrupted' || status === 'waiting' || (finishedAt !== null && runs > 0)

const runsLeft = (db: InstanceType<typeof Sqlite>) =>
  db.prepare("select id from runs where status = 'running'").all()
