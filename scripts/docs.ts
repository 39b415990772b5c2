/** Writes everything that is generated. A test fails when it was forgotten. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generate } from './generate.ts'

const root = join(import.meta.dirname, '..')

for (const [file, text] of await generate(readFileSync(join(root, 'README.md'), 'utf8'))) {
  const path = join(root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
