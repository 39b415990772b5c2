import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { createState, openState } from '../../store/open.ts'
import { startChild } from '../../testing/child.ts'
import {
  catalogState,
  catalogue,
  exchangeFolder,
  importPaths,
  offer,
  offers,
  product,
} from '../../testing/onec-exchange.ts'
import { memoryState, temporaryFolder } from '../../testing/state.ts'

const count = 4500
const numbers = Array.from({ length: count }, (_, number) => number)
const firstFiles = {
  'import.xml': catalogue(
    numbers.map((number) => product(`p${number}`)),
    { full: true },
  ),
}
// A third is renamed, a third stays, a third is gone.
const left = numbers.filter((number) => number % 3 !== 0)
const laterFiles = {
  'import.xml': catalogue(
    left.map((number) => product(`p${number}`, number % 3 === 1 ? `Новое ${number}` : undefined)),
    { full: true },
  ),
  'offers.xml': offers(
    left.map((number) =>
      offer(`p${number}`, `<Наименование>О</Наименование><Количество>${number}</Количество>`),
    ),
  ),
}

it('ends in the same state after kill -9 in the middle of reading and of saving', async () => {
  const before = exchangeFolder(firstFiles)
  const after = exchangeFolder(laterFiles)
  const path = join(temporaryFolder(), 'caravan.db')
  await createState(path, systemClock)
  const state = await openState(path, { clock: systemClock })
  await importPaths(state.db, [before])
  await state.close()
  const undisturbed = await memoryState()
  await importPaths(undisturbed, [before])
  await importPaths(undisturbed, [after], { accept_shrink: true })

  // Lines it may print before it dies: one while it still reads, then one for each batch that was saved.
  for (const lines of [1, 2, 3, 6]) {
    const child = startChild('import-1c-child.ts', path, after)
    await child.printed(lines)
    await child.kill()
  }
  const last = startChild('import-1c-child.ts', path, after)
  await last.ended

  expect(last.lines().at(-1)).toBe('success')
  const final = await openState(path, { clock: systemClock })
  expect(await catalogState(final.db)).toEqual(await catalogState(undisturbed))
  const { count: marked } = await final.db
    .selectFrom('products')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('status', '=', 'marked')
    .executeTakeFirstOrThrow()
  expect(marked).toBe(count / 3)
  await final.close()
})
