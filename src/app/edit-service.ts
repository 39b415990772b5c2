import { nearest } from '../core/nearest.ts'
import { ServiceConfig } from '../config/schema.ts'
import { isGroup } from '../config/tree.ts'
import { CaravanError } from '../core/errors.ts'
import { lineOf } from './add.ts'
import type { EditedService } from './answers/edit.ts'
import type { App } from './app.ts'
import { testAnswer, testDraft, type TestWish } from './draft.ts'
import type { Editable, EditField } from './edit-fields.ts'
import { type Change, findChanges, planEdit } from './edit-plan.ts'
import { save } from './save-service.ts'
import { noteExpiry } from './secret-expiry.ts'
import { faultsOfValues, readValues } from './service-form.ts'

export type { Editable, EditField } from './edit-fields.ts'
export { editableService } from './edit-fields.ts'
export type { EditedService }

export type EditWanted = {
  /** By field name, only what is to change; secrets as plain values or as placeholders. */
  values: Readonly<Record<string, unknown>>
  /** Fields that are to be taken out. */
  unset: readonly string[]
  test: TestWish
  say(text: string): void
}

/** Throws `usage` with everything that is wrong with the values at once. */
export function checkEdit(
  { name, fields }: Editable,
  { values, unset }: Pick<EditWanted, 'values' | 'unset'>,
): void {
  const faults = [
    ...faultsOfValues(fields, values),
    ...unset.flatMap((word) => {
      const fault = faultOfUnset(fields, word, values)
      return fault ? [`  ${word}: ${fault}`] : []
    }),
  ]
  if (faults.length === 0) return
  throw new CaravanError({
    code: 'usage',
    message: `${name} cannot be changed so:\n${faults.join('\n')}`,
    hint: `The fields are shown by "caravan edit ${name} --help".`,
  })
}

/**
 * Changes fields of a service: checks the new values, tests the connection with them, and only then stores secrets and
 * writes the file. When anything fails before, neither is touched.
 */
export async function editService(
  app: App,
  editable: Editable,
  wanted: EditWanted,
): Promise<EditedService> {
  const { name, adapter, fields, loaded } = editable
  checkEdit(editable, wanted)
  const values = readValues(fields, wanted.values)
  const changes = await findChanges(editable, values, wanted.unset, () => app.secrets())
  const result = { service: name, adapter, config: loaded.file }
  if (changes.length === 0) {
    return {
      ...result,
      line: lineOf(loaded.text, loaded.file, name),
      changed: [],
      ...testAnswer({}),
    }
  }
  const plan = planEdit(editable, changes)
  // Before the vendor is asked: without the key nothing could be stored afterwards.
  if (plan.saving.secrets.length > 0) await (await app.secrets()).key()

  const draft = { name, adapter, placeOf: loaded.placeOf, ...draftOf(editable, changes) }
  const tested = await testDraft(app, draft, wanted.test, wanted.say)
  const text = (await save(app, plan.saving)) ?? loaded.text
  await noteExpiry(app, name, tested.report?.expires, plan.config)
  for (const note of plan.notes) wanted.say(note)
  return {
    ...result,
    line: lineOf(text, loaded.file, name),
    changed: plan.changed,
    ...testAnswer(tested),
  }
}

/** The service as it would be, secrets as they were typed. Throws `config_invalid` for a setting that has a fault. */
function draftOf({ name, entry }: Editable, changes: readonly Change[]) {
  const settings: Record<string, unknown> = { ...entry }
  const config: Record<string, unknown> = isGroup(entry.config) ? { ...entry.config } : {}
  for (const change of changes) {
    const target = change.field.path[2] === 'config' ? config : settings
    if (change.type === 'unset') delete target[change.field.name]
    else target[change.field.name] = change.value
  }
  const { proxy, ...rest } = settings
  const read = ServiceConfig.safeParse({ ...rest, config: {} })
  if (!read.success) {
    const faults = read.error.issues.map(
      ({ path, message }) => `  services.${[name, ...path].join('.')}: ${message}`,
    )
    throw new CaravanError({
      code: 'config_invalid',
      message: `the service ${name} has other faults:\n${faults.join('\n')}`,
      hint: 'Correct the file, then run "caravan config check".',
    })
  }
  return { config, settings: read.data, ...(typeof proxy === 'string' ? { proxy } : {}) }
}

function faultOfUnset(
  fields: readonly EditField[],
  word: string,
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  const field = fields.find(({ name }) => name === word)
  if (!field) {
    const near = nearest(
      word,
      fields.map(({ name }) => name),
    )
    return `unknown field${near ? `; did you mean ${near}?` : ''}`
  }
  if (values[word] !== undefined) return 'is to be set and unset at once'
  return field.isRequired ? 'is needed and cannot be taken out' : undefined
}
