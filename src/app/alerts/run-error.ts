import { fromJson } from '../../store/json.ts'
import type { RunError } from '../../store/runs.ts'
import { plainText } from './plain.ts'

/** What a run says of its end, fit for a chat; empty when it says nothing. */
export function messageOfRun(error: string | null): string {
  const known = fromJson<RunError>(error)
  return known ? plainText(known.message) : ''
}
