import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import {
  addToListing,
  beginListing,
  completeListing,
  countListingTo,
  dropListing,
  getListing,
  openListingOf,
  readListing,
  staleListingsOf,
} from './listings.ts'
import type { Db } from './schema.ts'
import { writeBatches } from './transaction.ts'

const now = new Date('2026-03-01T10:00:00.000Z')

const begin = (db: Db, job = 'j') => beginListing(db, { job, source: 's', isFull: true, now })

const items = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ externalId: `id ${n}`, body: '' }))

it('is open once it has arrived to its end', async () => {
  const db = await memoryState()
  const id = await begin(db)
  await addToListing(db, id, items(3))
  expect(await openListingOf(db, 'j')).toBeUndefined()

  const count = await completeListing(db, id, now)

  expect(count).toBe(3)
  expect(await openListingOf(db, 'j')).toEqual({
    id,
    job: 'j',
    source: 's',
    isFull: true,
    isComplete: true,
    count: 3,
    startedAt: now.toISOString(),
    completedAt: now.toISOString(),
  })
  expect(await openListingOf(db, 'another')).toBeUndefined()
})

it('is read in the order of arrival, from any place', async () => {
  const db = await memoryState()
  const id = await begin(db)
  await addToListing(db, id, items(5))

  const first = await readListing(db, id, 0, 2)
  const rest = await readListing(db, id, first.at(-1)?.seq ?? 0, 10)

  expect(first.map(({ externalId }) => externalId)).toEqual(['id 0', 'id 1'])
  expect(rest.map(({ externalId }) => externalId)).toEqual(['id 2', 'id 3', 'id 4'])
  expect(await countListingTo(db, id, first.at(-1)?.seq ?? 0)).toBe(2)
})

it('keeps an id once, with its last body, within a batch and across batches', async () => {
  const db = await memoryState()
  const id = await begin(db)

  await addToListing(db, id, [
    { externalId: 'a', body: '1' },
    { externalId: 'b', body: '2' },
    { externalId: 'a', body: '3' },
  ])
  await addToListing(db, id, [{ externalId: 'b', body: '4' }])

  expect(await completeListing(db, id, now)).toBe(2)
  const bodies = (await readListing(db, id, 0, 10)).map(({ externalId, body }) => externalId + body)
  expect(bodies).toEqual(['a3', 'b4'])
})

it('takes 25 000 ids and drops them in batches', async () => {
  const db = await memoryState()
  const id = await begin(db)
  const other = await begin(db)
  await addToListing(db, other, items(1))

  await writeBatches(db, items(25_000), (tx, some) => addToListing(tx, id, some))
  expect(await completeListing(db, id, now)).toBe(25_000)
  await dropListing(db, id)

  expect(await getListing(db, id)).toBeUndefined()
  expect(await readListing(db, id, 0, 1)).toEqual([])
  expect(await readListing(db, other, 0, 10)).toHaveLength(1)
})

it('names what is left of attempts that broke off', async () => {
  const db = await memoryState()
  const broken = await begin(db)
  const former = await begin(db)
  const latest = await begin(db)
  await completeListing(db, former, now)
  await completeListing(db, latest, now)

  expect((await openListingOf(db, 'j'))?.id).toBe(latest)
  expect((await staleListingsOf(db, 'j')).toSorted()).toEqual([broken, former].toSorted())
})
