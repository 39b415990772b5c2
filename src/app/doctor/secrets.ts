import { CaravanError } from '../../core/errors.ts'
import { listSecrets, type SecretRecord } from '../../store/secrets.ts'
import { expiresSoonMs } from '../secrets.ts'
import { placesOfSecrets, usersAt } from '../secret-users.ts'
import { type Check, type Finding, findingOf } from './check.ts'
import { secretsOf } from './key.ts'
import type { Patient } from './patient.ts'
import { instantText, quoted, spanText } from './texts.ts'

const id = 'secrets'

export const secrets: Check = {
  id,
  title: 'Stored secrets',
  async run(patient) {
    const { db } = await patient.state()
    const records = await listSecrets(db)
    const { raw } = await patient.config()
    const places = placesOfSecrets(raw)
    const users = (name: string) => usersAt(places.get(name) ?? [])
    return [
      ...(await ofDamage(patient)),
      ...records.flatMap((record) => ofUse(record, users(record.name), patient.now)),
    ]
  },
}

/** Opens each once; a key that opens none is the business of another check. */
async function ofDamage(patient: Patient): Promise<Finding[]> {
  const held = await secretsOf(patient).catch(() => undefined)
  if (!held) return []
  return held.records.flatMap(({ name }): Finding[] => {
    try {
      held.read(name)
      return []
    } catch (error) {
      // Sealed with another key: told there, all of them at once.
      if (error instanceof CaravanError && error.code === 'key_wrong') return []
      return [findingOf(id, error, `caravan secret set ${quoted(name)}`)]
    }
  })
}

function ofUse({ name, expiresAt }: SecretRecord, users: string[], now: Date): Finding[] {
  if (users.length === 0) {
    return [
      {
        check: id,
        severity: 'note',
        what: `nothing in the config uses the secret ${name}`,
        mend: `caravan secret remove ${quoted(name)} --yes`,
      },
    ]
  }
  const leftMs = expiresAt === null ? Infinity : Date.parse(expiresAt) - now.getTime()
  if (expiresAt === null || leftMs > expiresSoonMs) return []
  const isOver = leftMs <= 0
  return [
    {
      check: id,
      severity: isOver ? 'problem' : 'warning',
      what: isOver
        ? `the secret ${name} ended at ${instantText(expiresAt)}`
        : `the secret ${name} ends in ${spanText(leftMs)}, at ${instantText(expiresAt)}`,
      why: `it is used by ${users.join(', ')}`,
      mend: `caravan secret set ${quoted(name)}`,
    },
  ]
}
