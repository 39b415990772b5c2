import { setImmediate as turn } from 'node:timers/promises'
import { CaravanError } from '../../core/errors.ts'
import { healHint } from '../../store/errors.ts'
import type { LookedAt } from '../../store/look.ts'
import { type Check, type Finding, findingOf } from './check.ts'
import { openable } from './databases.ts'
import type { Patient } from './patient.ts'

const id = 'integrity'

export const integrity: Check = {
  id,
  title: 'Integrity of the files',
  async run(patient) {
    const looks = await openable(patient)
    await turn() // whatever waits for the network is on its way before SQLite holds everything up
    const found = await Promise.all(looks.map((look) => ofFile(look, patient)))
    return found.flat()
  },
}

async function ofFile(look: LookedAt, patient: Patient): Promise<Finding[]> {
  const { checkContent } = await import('../../store/check-content.ts')
  try {
    return ofLines(look, await checkContent(look, patient))
  } catch (error) {
    // Damage in the wrong place keeps SQLite from looking at all.
    if (error instanceof CaravanError && error.code === 'state_damaged') {
      return [findingOf(id, error)]
    }
    throw error
  }
}

function ofLines({ path }: LookedAt, lines: string[]): Finding[] {
  const [first] = lines
  if (first === undefined) return []
  return [
    {
      check: id,
      severity: 'problem',
      what: `${path} is damaged: ${first}`,
      ...(lines.length > 1 && { why: `and ${lines.length - 1} more, as far as was looked` }),
      mend: `Stop every caravan process and keep the damaged file. ${healHint(path)}`,
    },
  ]
}
