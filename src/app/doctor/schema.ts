import type { Drift } from '../../store/schema-drift.ts'
import type { Check, Finding } from './check.ts'
import { openable } from './databases.ts'

const id = 'schema'

export const schema: Check = {
  id,
  title: 'Tables and indexes',
  async run(patient) {
    const { findDrift } = await import('../../store/schema-drift.ts')
    const findings: Finding[] = []
    for (const look of await openable(patient)) {
      const drifts = await findDrift(look)
      findings.push(...drifts.map((drift) => describe(drift, look.path)))
    }
    return findings
  },
}

function describe(drift: Drift, path: string): Finding {
  const { change, type, name, sql } = drift
  const what = `the ${type} ${name} of ${path} ${words[change]}`
  if (change === 'extra') return ofExtra(drift, what)
  if (type !== 'index') {
    return {
      check: id,
      severity: 'problem',
      what,
      why: 'somebody changed the file by hand, or it was put together from two',
      mend: 'Bring a backup back with: caravan restore <backup>',
    }
  }
  if (change === 'altered' || !sql) {
    return {
      check: id,
      severity: 'problem',
      what,
      mend: `Drop it with any SQLite tool, "drop index ${name}", then: caravan doctor --fix`,
    }
  }
  return {
    check: id,
    severity: 'problem',
    what,
    why: sql.startsWith('create unique')
      ? 'it keeps two rows from being stored where only one may be'
      : 'what it made quick reads the whole table now',
    mend: 'caravan doctor --fix',
    fix: {
      title: `made the index ${name} anew`,
      async run() {
        const { createIndexes } = await import('../../store/schema-drift.ts')
        createIndexes(path, [sql])
      },
    },
  }
}

const words = {
  missing: 'is missing',
  altered: 'is not as caravan makes it',
  extra: 'is not one of caravan',
} as const

/** A trigger changes what is written; the rest only takes room. */
function ofExtra({ type, name }: Drift, what: string): Finding {
  const isActive = type === 'trigger' || type === 'column'
  const mend =
    type === 'column'
      ? `Drop it with any SQLite tool: alter table ${name.split('.')[0]} drop column ${name.split('.')[1]}`
      : `If nobody needs it, drop it with any SQLite tool: drop ${type} ${name}`
  return { check: id, severity: isActive ? 'warning' : 'note', what, mend }
}
