/** The schemas of the answers are for tests and docs: a command that only looks must not load them, nor their library. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { project } from '../../testing/program.ts'

/** Tells at the end which files of the program were loaded. */
const hook = `
process.on('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file.endsWith('.cjs'))
  process.stderr.write('loaded ' + JSON.stringify(files) + '\\n')
})
`

it.each(['list', 'status', 'jobs', 'runs'])('%s loads no schema library', async (words) => {
  const { run, write, file } = await project()
  write('hook.cjs', hook)

  await run(words) // the first time, the config itself is read with schemas
  const { err } = await run(words, { env: { NODE_OPTIONS: `--require ${file('hook.cjs')}` } })

  const [, list = '[]'] = /^loaded (.*)$/m.exec(err) ?? []
  const files = JSON.parse(list) as string[]
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter((path) => readFileSync(path, 'utf8').includes('ZodObject'))).toEqual([])
})
