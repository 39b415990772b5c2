import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { catalogue } from '../src/app/catalogue.ts'
import { readConfig } from '../src/config/load.ts'
import { generate } from './generate.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

it('every option of a job that the example shows can be taken as it stands', async () => {
  const example = (await generate(read('README.md'))).get('integrations.example.yaml') ?? ''
  const [, jobs = ''] = /^jobs:$(.*)^alerts:$/ms.exec(example) ?? []
  const opened = jobs.replaceAll(/^( +)# ((?:[a-z_]+:|  - ).*)$/gm, '$1$2')

  const { raw, faults } = await readConfig(
    Buffer.from(`version: 1\njobs:${opened}`),
    'integrations.example.yaml',
    catalogue,
    { env: {}, readFile: async () => undefined },
  )

  expect(faults).toEqual([])
  expect(raw).toMatchObject({ jobs: { 'haier-products': { with: { codes: expect.any(Array) } } } })
  expect(raw).not.toHaveProperty(['jobs', '1c-catalog', 'schedule'])
})

it('what is generated is up to date; if not, run "npm run docs"', async () => {
  const files = await generate(read('README.md'))

  const stale = [...files].filter(([file, text]) => read(file) !== text).map(([file]) => file)
  expect(stale).toEqual([])
  expect(files.size).toBeGreaterThan(2)
})
