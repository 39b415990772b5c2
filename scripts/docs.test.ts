import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { generate } from './generate.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

it('what is generated is up to date; if not, run "npm run docs"', async () => {
  const files = await generate(read('README.md'))

  const stale = [...files].filter(([file, text]) => read(file) !== text).map(([file]) => file)
  expect(stale).toEqual([])
  expect(files.size).toBeGreaterThan(2)
})
