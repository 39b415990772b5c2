import { dirname, join } from 'node:path'
import { inject } from 'vitest'

/**
 * Where the processes that the tests start keep compiled code, for all tests of a run: compiling takes most of the time
 * of a start, of the program and of the scripts of src/testing alike. Undefined when there is no folder for it.
 */
export function compileCache(): string | undefined {
  const program = inject('program')
  return 'path' in program ? join(dirname(program.path), '../compiled') : undefined
}
