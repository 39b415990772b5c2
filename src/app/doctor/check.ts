/** What a check of `doctor` is, and what it finds. */
import { CaravanError, messageOf } from '../../core/errors.ts'
import type { Patient } from './patient.ts'

/** `note`: worth knowing, nothing to do now. The other two ask for somebody. */
export type Severity = 'problem' | 'warning' | 'note'

export type Finding = {
  check: string
  severity: Severity
  what: string
  why?: string
  /** A command that can be run as it stands, or a sentence. */
  mend: string
  /** For the harmless ones: deletes no data, and may be done twice. */
  fix?: Fix
}

export type Fix = {
  /** What was done, in the past: it is printed afterwards. */
  title: string
  run(): Promise<void> | void
}

export type Check = {
  id: string
  title: string
  run(patient: Patient): Promise<Finding[]>
}

/** Thrown by a check that has nothing to look at; what stands in its way is the finding of another check. */
export class NotLookedAt extends Error {
  override name = 'NotLookedAt'
}

/** A failure as a finding: its first line, what it says more, and its hint. */
export function findingOf(check: string, error: unknown, mend?: string): Finding {
  const [first = '', ...rest] = messageOf(error).split('\n')
  const lines = rest.map((line) => line.trim().replaceAll(/ {2,}/g, ' ')).filter(Boolean)
  const why = [...new Set(lines)].join('; ')
  const hint = error instanceof CaravanError ? (error.hint ?? error.see) : undefined
  const places = /[.:]? Looked at:$/
  return {
    check,
    severity: 'problem',
    what: first.replace(places, '').replace(/:$/, ''),
    ...(why && { why: places.test(first) ? `looked at ${why}` : why }),
    mend:
      mend ??
      hint?.replaceAll(/(?<![.:;])\n/g, '; ').replaceAll('\n', ' ') ??
      'Correct what it says, then: caravan doctor',
  }
}
