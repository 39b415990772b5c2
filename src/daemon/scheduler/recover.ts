/** Occurrences whose process is gone: settled from their run's row, or put back to be begun or continued. */
import { noCounters } from '../../store/runs.ts'
import type { Counters } from '../../store/runs.ts'
import { fromJson } from '../../store/json.ts'
import {
  type Occurrence,
  openOccurrences,
  type Settlement,
  settleOccurrences,
} from '../../store/occurrences.ts'
import { listPauses, setPause } from '../../store/pauses.ts'
import { isAlive, isStopped, type ProcessIdentity } from '../../store/process-identity.ts'
import type { Db } from '../../store/schema.ts'
import { makeWay } from '../../store/start-run.ts'
import { atomically } from '../../store/transaction.ts'

/** Processes lost in a row, with nothing saved in between, before the job is paused; and for how long, in milliseconds. */
const mostCrashes = 3
const pauseMs = 3_600_000
/** How long somebody who lives may take to write down what became of a run that is over, in milliseconds. */
const settleMs = 60_000

export type Recovered = {
  /** What was found, in words for the log. */
  found: { job: string; run: string | null; message: string }[]
  /** Jobs that were paused because they end the process again and again. */
  paused: string[]
}

export type Survivor = {
  now: Date
  me: ProcessIdentity
  /** Whether this process runs the occurrence itself. */
  isOurs(occurrence: Occurrence): boolean
}

/** Looks through all that is open. Does nothing in the usual case but one small query. */
export async function recoverOccurrences(db: Db, survivor: Survivor): Promise<Recovered> {
  const recovered: Recovered = { found: [], paused: [] }
  const suspects = (await openOccurrences(db)).filter((one) => isSuspect(one, survivor))
  if (suspects.length === 0) return recovered
  await atomically(db, async (tx) => {
    for (const occurrence of suspects) await recover(tx, occurrence, survivor, recovered)
  })
  return recovered
}

const isSuspect = (one: Occurrence, { isOurs }: Survivor): boolean =>
  (one.status === 'running' && !isOurs(one)) || (one.status === 'interrupted' && one.runId !== null)

async function recover(
  tx: Db,
  one: Occurrence,
  survivor: Survivor,
  { found, paused }: Recovered,
): Promise<void> {
  const { now, me } = survivor
  const say = (message: string) => found.push({ job: one.job, run: one.runId, message })
  await makeWay(tx, one.job, { me, now })
  const run = one.runId === null ? undefined : await readRun(tx, one.runId)
  const settle = (to: Partial<Settlement>) => settleOccurrences(tx, [settlement(one, to)])

  if (one.status === 'interrupted') {
    const successor = await successorOf(tx, one)
    if (!successor || successor.status === 'running') return
    const isOver = successor.status !== 'interrupted'
    await settle({
      status: isOver ? successor.status : 'interrupted',
      runId: successor.id,
      finishedAt: isOver ? (successor.finished_at ?? now.toISOString()) : null,
      note: `continued by run ${successor.id} (${successor.trigger})`,
    })
    return
  }
  if (one.runId === null) {
    if (isOwnerThere(one, survivor)) return
    await settle({ status: 'waiting' })
    say('its process ended before the run began; it is begun anew')
    return
  }
  if (!run) {
    await settle({ status: 'interrupted', finishedAt: now.toISOString(), note: 'its run is gone' })
    return
  }
  if (run.status === 'running') return // its lease is kept by somebody
  if (isOwnerThere(one, survivor) && !isOlder(run.finished_at, now, settleMs)) return
  if (run.status !== 'interrupted' || run.cancelled_at !== null) {
    await settle({ status: run.status, finishedAt: run.finished_at ?? now.toISOString() })
    return
  }
  const crashes = savedAnything(run) ? 0 : one.crashes + 1
  const isTooMuch = crashes >= mostCrashes
  await settle({
    status: 'interrupted',
    crashes: isTooMuch ? 0 : crashes,
    note: 'its process was lost',
  })
  say('its process was lost; the run is continued')
  if (!isTooMuch || (await listPauses(tx, now)).has(one.job)) return
  paused.push(one.job)
  await setPause(tx, {
    job: one.job,
    reason: `its runs ended the process ${mostCrashes} times in a row without saving anything`,
    until: new Date(now.getTime() + pauseMs),
    setBy: 'caravan',
    now,
  })
}

const settlement = (one: Occurrence, to: Partial<Settlement>): Settlement => ({
  job: one.job,
  dueAt: one.dueAt,
  status: one.status,
  reason: null,
  note: null,
  finishedAt: null,
  runId: null,
  crashes: one.crashes,
  ...to,
})

/** On this host that is seen; elsewhere its run's lease tells, and without a run it is believed for a minute. */
function isOwnerThere(one: Occurrence, survivor: Survivor): boolean {
  if (!one.owner) return false
  const { me } = survivor
  if (one.owner.host !== me.host) return !isOlder(one.decidedAt, survivor.now, settleMs)
  const isMe = one.owner.pid === me.pid && one.owner.startedAt === me.startedAt
  return !isMe && isAlive(one.owner) && !isStopped(one.owner)
}

const isOlder = (at: string | null, now: Date, byMs: number): boolean =>
  at === null || Date.parse(at) < now.getTime() - byMs

const readRun = (db: Db, id: string) =>
  db
    .selectFrom('runs')
    .select(['id', 'status', 'finished_at', 'counters', 'cancelled_at'])
    .where('id', '=', id)
    .executeTakeFirst()

/** The run that went on from the interrupted one, by hand for example. */
const successorOf = (db: Db, { job, runId }: Occurrence) =>
  db
    .selectFrom('runs')
    .select(['id', 'status', 'finished_at', 'trigger'])
    .where('job', '=', job)
    .where('resumed_from', '=', runId)
    .where('trigger', '<>', 'dry-run')
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()

const savedAnything = ({ counters }: { counters: string }): boolean =>
  Object.values(fromJson<Counters>(counters) ?? noCounters()).some((count) => count > 0)
