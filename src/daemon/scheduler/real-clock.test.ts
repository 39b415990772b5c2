/** Fault test 6 for real: the wall clock of a process is set by libfaketime, its monotonic clock goes on. */
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { listOccurrences } from '../../store/occurrences.ts'
import { type Child, startChild } from '../../testing/child.ts'
import { fileState, temporaryFolder } from '../../testing/state.ts'

const [faketime] = globSync('/usr/lib/*/faketime/libfaketime.so.1')
const isLong = process.env.CARAVAN_FAULTS === 'long'
const steps = isLong ? ['+1h', '-1h', '+30d', '+365d', '+0'] : ['-1h', '+365d', '+0']

/** In hours, those that were set and the true time. */
const offsetsOf = (set: readonly string[]): number[] => {
  const hours = set.map((step) => Number.parseInt(step, 10) * (step.endsWith('d') ? 24 : 1))
  return [...new Set([0, ...hours])].toSorted((a, b) => a - b)
}

const ticks = (child: Child) => child.lines().filter((line) => line.startsWith('ticked'))
const begun = (child: Child) => child.lines().filter((line) => line.startsWith('schedule '))

async function ticked(child: Child, count: number): Promise<void> {
  while (ticks(child).length < count) await child.printed(child.lines().length + 1)
}

it.skipIf(!faketime)(
  `the clock is really set, forward and back${faketime ? '' : ' (skipped: libfaketime is not installed)'}`,
  async () => {
    const { state } = await fileState()
    const file = join(temporaryFolder(), 'time')
    writeFileSync(file, '+0')
    const env = {
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
    Object.assign(process.env, env)
    const child = startChild('scheduler-child.ts', state.path, '2', '10')
    for (const name of Object.keys(env)) delete process.env[name]
    const startMs = systemClock.now().getTime()
    let wanted = 2
    await ticked(child, wanted)
    for (const step of steps) {
      writeFileSync(file, step)
      wanted = ticks(child).length + 2
      await ticked(child, wanted)
    }
    await child.kill()

    const rows = await listOccurrences(state.db, {}, { limit: 100_000 })
    const runs = begun(child)
    expect(new Set(runs).size).toBe(runs.length)
    // Whatever the clock showed, it went on within a tick: in each of them something ran.
    const offsets = new Set(
      runs.map((line) => Math.round((Date.parse(line.split(' ')[2] ?? '') - startMs) / 3_600_000)),
    )
    expect([...offsets].toSorted((a, b) => a - b)).toEqual(offsetsOf(steps))
    // The clock stands at the true time again: each second that has passed has one account.
    const now = systemClock.now().toISOString()
    for (const job of ['job-0', 'job-1']) {
      const seconds = rows.filter(
        (row) => row.job === job && row.dueAt <= now && (row.lastDueAt ?? row.dueAt) <= now,
      )
      expect(new Set(seconds.map(({ dueAt }) => dueAt)).size).toBe(seconds.length)
    }
    expect(rows.filter(({ dueAt, runs: times }) => dueAt > now && times === 0)).toEqual([])
  },
)
