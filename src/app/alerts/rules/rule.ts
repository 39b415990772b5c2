import type { AlertFinding, Severity } from '../../../store/alerts.ts'
import type { AlertSettings, Facts } from '../facts.ts'

/** One thing that can be wrong. A pure function over facts: it fires while it finds something, and is over when not. */
export type Rule = {
  /** Stands in configs and databases and never changes. */
  id: string
  /** What is wrong, in a few words. */
  title: string
  severity: Severity
  /** When it fires, with the thresholds in force. */
  when(settings: AlertSettings): string
  find(facts: Facts): Finding[]
}

/** At most one for each subject. */
export type Finding = Omit<AlertFinding, 'rule' | 'severity'> & {
  /** Where it is not that of the rule. */
  severity?: Severity
}
