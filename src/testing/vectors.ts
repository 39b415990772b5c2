/**
 * Test vectors: inputs and expectations computed by independent implementations. `CARAVAN_VECTORS` names another folder
 * with the same files, so that the same tests run over other sets.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type VectorCase<Input, Expect> = {
  id: string
  description: string
  input: Input
  expect: Expect
}

const ownFolder = join(import.meta.dirname, 'vectors')

/**
 * The cases of one file, such as `messaging/tencent-tc3`, for `it.each`. A folder named by `CARAVAN_VECTORS` may hold
 * the file with or without its own folder; a file that it lacks has no cases there, and that is said aloud.
 */
export function vectors<Input = Record<string, unknown>, Expect = Record<string, unknown>>(
  name: string,
  isWanted: (each: VectorCase<Input, Expect>) => boolean = () => true,
): VectorCase<Input, Expect>[] {
  const folder = process.env.CARAVAN_VECTORS ?? ownFolder
  const path = [`${name}.json`, `${name.replace(/^.*\//, '')}.json`]
    .map((file) => join(folder, file))
    .find((file) => existsSync(file))
  if (path === undefined) {
    if (folder === ownFolder) throw new Error(`there are no vectors named ${name}`)
    process.stderr.write(`CARAVAN_VECTORS has no ${name}.json: its cases are skipped\n`)
    return []
  }
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as {
    cases: VectorCase<Input, Expect>[]
  }
  const wanted = cases.filter(isWanted)
  if (wanted.length === 0 && folder === ownFolder) {
    throw new Error(
      `the vectors named ${name} have no case that is wanted: the test would test nothing`,
    )
  }
  return wanted
}
