/** What an edit changes: which fields, under which names their secrets are stored, and what the file says afterwards. */
import { isDeepStrictEqual } from 'node:util'
import { deleteIn, setIn } from '../config/edit.ts'
import type { Path } from '../config/faults.ts'
import { holdsNoValue, mask, maskAddresses } from '../config/mask-text.ts'
import { hasPlaceholder } from '../config/placeholders.ts'
import { samePath } from '../config/tree.ts'
import type { FieldChange } from './answers/edit.ts'
import type { Editable, EditField } from './edit-fields.ts'
import { freeSecretName, literalOf, type Saving, toSecretValue } from './save-service.ts'
import { storedSecretOf } from './secret-expiry.ts'
import type { SecretStore, SecretValue } from './secret-store.ts'
import { placesOfSecrets, secretsNamedIn, usersAt } from './secret-users.ts'

/** `secret`: a plain value, which goes to the store. */
export type Change = { field: EditField } & (
  { type: 'plain'; value: unknown } | { type: 'secret'; value: string } | { type: 'unset' }
)

/** What is really different from what stands there. */
export async function findChanges(
  { fields }: Editable,
  values: Readonly<Record<string, unknown>>,
  unset: readonly string[],
  store: () => Promise<SecretStore>,
): Promise<Change[]> {
  const changes: Change[] = []
  for (const field of fields) {
    const { name, present } = field
    if (unset.includes(name)) {
      if (present !== undefined) changes.push({ type: 'unset', field })
      continue
    }
    const value = values[name]
    if (value === undefined || isDeepStrictEqual(value, present)) continue
    if (!field.isSecret || hasPlaceholder(value)) {
      changes.push({ type: 'plain', field, value })
      continue
    }
    const stored = storedSecretOf(present)
    const before = stored === undefined ? undefined : await (await store()).read(stored)
    if (before !== literalOf(String(value))) {
      changes.push({ type: 'secret', field, value: String(value) })
    }
  }
  return changes
}

export type EditPlan = {
  saving: Saving
  /** The adapter's part of the entry as the file has it afterwards. */
  config: Record<string, unknown>
  changed: FieldChange[]
  /** What an operator would not expect, as sentences. */
  notes: string[]
}

export function planEdit({ name, entry, loaded }: Editable, changes: readonly Change[]): EditPlan {
  const places = placesOfSecrets(loaded.raw)
  const nameOf = secretNames(name, changes, places)
  const { dropped, orphans } = noLongerNamed(name, changes, places)
  const secrets: SecretValue[] = []
  const changed: FieldChange[] = []
  const notes: string[] = []
  const config: Record<string, unknown> = { ...entry.config }
  let edit: Saving['edit']

  for (const change of changes) {
    const { field } = change
    const storedAs = change.type === 'secret' ? nameOf(field) : null
    if (storedAs !== null && change.type === 'secret') {
      secrets.push(toSecretValue(storedAs, change.value))
      notes.push(...noteOfShared(name, field, storedAs, places, dropped))
    }
    const value = change.type === 'plain' ? change.value : storedAs && `\${secret:${storedAs}}`
    const after = change.type === 'unset' ? undefined : value
    if (field.path[2] === 'config') config[field.name] = after
    if (!isDeepStrictEqual(after, field.present)) edit = following(edit, field.path, after)
    changed.push({
      field: field.name,
      before: shown(field, field.present),
      after: shown(field, after),
      stored_as: storedAs,
    })
  }
  for (const orphan of orphans) {
    notes.push(`Nothing uses the secret ${orphan} any more. caravan secret remove ${orphan}`)
  }
  // In place, what was named is named still.
  const saving = edit ? { secrets, dropped, edit } : { secrets, dropped: [] }
  return { saving, config, changed, notes }
}

const following =
  (earlier: Saving['edit'], path: Path, value: unknown) =>
  (text: string): string => {
    const before = earlier ? earlier(text) : text
    return value === undefined ? deleteIn(before, path) : setIn(before, path, value)
  }

type Places = ReturnType<typeof placesOfSecrets>

/** The secret that a field is, when nothing else in the config is it. */
function ownSecret({ present }: EditField, places: Places): string | undefined {
  const stored = storedSecretOf(present)
  return stored !== undefined && places.get(stored)?.length === 1 ? stored : undefined
}

/** Under which name the new value of a field is stored: its own when the file stays as it is, else one the file does not use. */
function secretNames(
  service: string,
  changes: readonly Change[],
  places: Places,
): (field: EditField) => string {
  const isInPlace = changes.every(
    ({ type, field }) => type === 'secret' && ownSecret(field, places) !== undefined,
  )
  const chosen = new Set<string>()
  return (field) => {
    const own = ownSecret(field, places)
    if (isInPlace && own !== undefined) return own
    const free = freeSecretName(
      `${service}.${field.name}`,
      (name) => places.has(name) || chosen.has(name),
    )
    chosen.add(free)
    return free
  }
}

function noteOfShared(
  service: string,
  { name, present }: EditField,
  storedAs: string,
  places: Places,
  dropped: readonly string[],
): string[] {
  const secret = storedSecretOf(present)
  const sharing = places.get(secret ?? '') ?? []
  if (secret === undefined || sharing.length < 2 || dropped.includes(secret)) return []
  const others = usersAt(sharing).filter((user) => user !== service)
  const who = others.length > 0 ? others.join(', ') : `another field of ${service}`
  return [`${secret} is used by ${who} too and stays as it is; ${name} is now ${storedAs}.`]
}

/** What the changed fields named and nothing names afterwards. One that an operator named is left for him to remove. */
function noLongerNamed(
  service: string,
  changes: readonly Change[],
  places: Places,
): { dropped: string[]; orphans: string[] } {
  const freed = changes.map(({ field }) => field.path)
  const kept = new Set(
    changes.flatMap((change) => ('value' in change ? namedIn(change.value) : [])),
  )
  const named = new Set(changes.flatMap(({ field }) => namedIn(field.present)))
  const gone = [...named].filter(
    (secret) =>
      !kept.has(secret) &&
      places.get(secret)?.every((path) => freed.some((each) => samePath(each, path))),
  )
  const isOurs = (secret: string) =>
    changes.some(({ field }) => {
      const rest = secret.split(`${service}.${field.name}`)
      return rest.length === 2 && rest[0] === '' && /^(?:-\d+)?$/.test(rest[1] ?? '')
    })
  return {
    dropped: gone.filter(isOurs),
    orphans: gone.filter((secret) => !isOurs(secret)),
  }
}

const namedIn = (value: unknown): string[] =>
  typeof value === 'string' ? secretsNamedIn(value) : []

/** A value as people read it; of a secret only placeholders, and those without a default. */
export function shown(field: EditField, value: unknown): string | null {
  if (value === undefined) return null
  if (field.isSecret) return typeof value === 'string' && holdsNoValue(value) ? value : mask
  return typeof value === 'string' ? maskAddresses(value) : JSON.stringify(value)
}
