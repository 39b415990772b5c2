import { expect, it } from 'vitest'
import { adapters } from '../adapters/index.ts'
import { jobs } from '../jobs/index.ts'
import { catalogue } from './catalogue.ts'

it.each(adapters)('the adapter $id is what the list says of it', async ({ id, kind, load }) => {
  const adapter = await load()

  expect(adapter).toMatchObject({ id, kind: { id: kind } })
})

it.each(jobs)('the job $id is what the list says of it', async ({ id, title, load }) => {
  const job = await load()

  expect(job).toMatchObject({ id, title })
})

it('a job that each run has to tell its files cannot be scheduled', async () => {
  expect(await catalogue.toldPerRun?.('1c-catalog')).toEqual(['paths'])
  expect(await catalogue.toldPerRun?.('haier-products')).toEqual([])
})

it('no id stands in a list twice', () => {
  const ids = [...adapters, ...jobs].map(({ id }) => id)

  expect(new Set(ids).size).toBe(ids.length)
})
