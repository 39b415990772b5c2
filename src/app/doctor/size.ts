import { callLogFile } from '../../store/files.ts'
import type { LookedAt } from '../../store/look.ts'
import { sizeBudget, type SizeBudget } from '../../store/retention.ts'
import type { Check, Finding } from './check.ts'
import { openable } from './databases.ts'
import { sizeText } from './texts.ts'

const id = 'size'

const mb = 1024 ** 2

export const size: Check = {
  id,
  title: 'Size of state and call log',
  async run(patient) {
    const { config } = await patient.config()
    const path = await patient.statePath()
    const findings = ofBudget(sizeBudget(path, config.retention.max_size))
    for (const look of await openable(patient)) findings.push(...(await ofFreePages(look)))
    return findings
  },
}

function ofBudget({ limit, state, calls, isStateTooLarge }: SizeBudget): Finding[] {
  const total = state + calls
  const parts = `the state ${sizeText(state)}, the call log ${sizeText(calls)}`
  const found = (severity: Finding['severity'], why: string, mend: string): Finding[] => [
    {
      check: id,
      severity,
      what: `state and call log take ${sizeText(total)} of the ${sizeText(limit)} that retention.max_size gives them`,
      why: `${parts}; ${why}`,
      mend,
    },
  ]
  if (isStateTooLarge || state > limit * 0.8) {
    const why = 'the call log can make way, the state cannot'
    return found(isStateTooLarge ? 'problem' : 'warning', why, 'Raise retention.max_size.')
  }
  if (total > limit) return found('problem', 'old calls were not removed in time', 'caravan clean')
  if (total <= limit * 0.8) return []
  return found('note', 'the oldest calls make way for new ones', 'caravan clean --dry-run')
}

/** What was deleted leaves room for what comes; only much of it is worth a word. */
async function ofFreePages(look: LookedAt): Promise<Finding[]> {
  const { countPages } = await import('../../store/look.ts')
  const { pages, free, pageSize } = countPages(look)
  const bytes = free * pageSize
  if (free / pages <= 0.3 || bytes < 16 * mb) return []
  return [
    {
      check: id,
      severity: 'note',
      what: `${Math.floor((free / pages) * 100)} % of ${look.path} is empty, ${sizeText(bytes)}`,
      why: 'what was deleted leaves room for what comes',
      mend:
        look.kind === callLogFile
          ? 'caravan clean'
          : 'Nothing has to be done. With nothing of caravan running, "vacuum" in any SQLite tool makes it smaller.',
    },
  ]
}
