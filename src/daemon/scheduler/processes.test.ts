/** Several processes on one file by the real clock, killed and stopped. */
import { expect, it } from 'vitest'
import { listOccurrences, type Occurrence } from '../../store/occurrences.ts'
import type { Db } from '../../store/schema.ts'
import { type Child, startChild } from '../../testing/child.ts'
import { fileState } from '../../testing/state.ts'

const ledgerOf = async (db: Db): Promise<Occurrence[]> =>
  (await listOccurrences(db, {}, { limit: 100_000 })).toReversed()

const ticks = (child: Child) => child.lines().filter((line) => line.startsWith('ticked'))

async function ticked(child: Child, count: number): Promise<void> {
  while (ticks(child).length < count) await child.printed(child.lines().length + 1)
}

const begun = (...children: Child[]): string[] =>
  children.flatMap((child) => child.lines().filter((line) => line.startsWith('schedule ')))

/** Each second of each job from its first row to its last has one account. */
function expectComplete(rows: readonly Occurrence[]): void {
  for (const job of new Set(rows.map((row) => row.job))) {
    const mine = rows.filter((row) => row.job === job)
    const first = Date.parse(mine[0]?.dueAt ?? '')
    const last = Date.parse(mine.at(-1)?.lastDueAt ?? mine.at(-1)?.dueAt ?? '')
    expect(mine.reduce((sum, { count }) => sum + count, 0)).toBe((last - first) / 1000 + 1)
  }
}

it('two processes on one file: no occurrence is run twice, none is lost, also when one is killed', async () => {
  const { state } = await fileState()
  const words = [state.path, '5', '100']
  const [one, two] = [
    startChild('scheduler-child.ts', ...words),
    startChild('scheduler-child.ts', ...words),
  ]
  await Promise.all([ticked(one, 3), ticked(two, 3)])
  await one.kill()
  await ticked(two, 5)
  const three = startChild('scheduler-child.ts', ...words)
  await ticked(three, 2)
  await Promise.all([two.kill(), three.kill()])

  const rows = await ledgerOf(state.db)
  const runs = begun(one, two, three)
  expect(runs.length).toBeGreaterThan(5)
  expect(new Set(runs).size).toBe(runs.length)
  expectComplete(rows)
})

it('killed again and again, each occurrence is begun once, and what was interrupted is continued', async () => {
  const { state } = await fileState()
  const children: Child[] = []
  for (let round = 0; round < 2; round++) {
    const child = startChild('scheduler-child.ts', state.path, '3', '400')
    children.push(child)
    await child.printed(2 + round * 2)
    await child.kill()
  }
  const last = startChild('scheduler-child.ts', state.path, '3', '10')
  children.push(last)
  await ticked(last, 3)
  await last.kill()

  const runs = begun(...children)
  expect(new Set(runs).size).toBe(runs.length)
  const rows = await ledgerOf(state.db)
  expectComplete(rows)
  expect(children.flatMap((child) => child.lines()).some((line) => line.startsWith('resume'))).toBe(
    true,
  )
})

it('SIGTERM: the run reaches its checkpoint, and its occurrence is continued by the next process', async () => {
  const { state } = await fileState()
  const child = startChild('scheduler-child.ts', state.path, '1', '60000')
  while (begun(child).length === 0) await child.printed(child.lines().length + 1)
  child.process.kill('SIGTERM')

  expect(await child.ended).toBe(143)
  const [row] = await ledgerOf(state.db)
  expect(row).toMatchObject({ status: 'interrupted', finishedAt: null, runs: 1 })
})
