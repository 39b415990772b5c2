import { parse } from 'yaml'
import type { z } from 'zod'
import type { Path } from './faults.ts'
import { checkAgainst, valueAt, withValue } from './issues.ts'
import type { Issue } from './issues.ts'

/**
 * Checks a value whose placeholders are resolved. What was one placeholder is text now; where the schema wants a
 * number or true/false it is read as YAML would have read it. A text field keeps its text: "8800633175" stays as it is.
 */
export function readScalars<S extends z.ZodType>(
  schema: S,
  resolved: unknown,
  whole: readonly Path[],
): { value: unknown; output?: z.output<S>; issues: Issue[] } {
  let value = resolved
  let result = checkAgainst(schema, value)
  if (result.ok) return { value, output: result.value, issues: [] }

  for (const { path } of result.issues) {
    const text = valueAt(value, path)
    const wasPlaceholder = whole.some((each) => each.join('\0') === path.join('\0'))
    if (!wasPlaceholder || typeof text !== 'string') continue
    const scalar = scalarOf(text)
    if (typeof scalar === 'number' || typeof scalar === 'boolean')
      value = withValue(value, path, scalar)
  }
  result = checkAgainst(schema, value)
  return result.ok ? { value, output: result.value, issues: [] } : { value, issues: result.issues }
}

function scalarOf(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}
