import { hasPlaceholder } from '../config/placeholders.ts'
import { addService as addToText } from '../config/edit.ts'
import { parseConfig, placeOf as placeIn } from '../config/document.ts'
import { namePattern, nameRule } from '../config/schema.ts'
import { entriesOf } from '../config/tree.ts'
import { CaravanError } from '../core/errors.ts'
import type { AddedService } from './answers/services.ts'
import type { App } from './app.ts'
import { testAnswer, testDraft, type TestWish } from './draft.ts'
import { type FormField, formOfAdapter } from './forms.ts'
import { freeSecretName, save, toSecretValue } from './save-service.ts'
import { noteExpiry } from './secret-expiry.ts'
import type { SecretValue } from './secret-store.ts'
import { placesOfSecrets } from './secret-users.ts'
import { faultsOfValues, readValues } from './service-form.ts'

export type NewService = {
  name: string
  adapter: string
  /** By field name; secrets as plain values or as placeholders. */
  values: Record<string, unknown>
  test: TestWish
  say(text: string): void
}

/**
 * What can be known to fail before a person is asked for twenty values, or a vendor for anything: the config, the name,
 * the values given so far, the key that the secrets are sealed with.
 */
export async function prepareAdd(
  app: App,
  wanted: Pick<NewService, 'name' | 'adapter' | 'values'>,
  { storesSecrets }: { storesSecrets: boolean },
): Promise<void> {
  const { name, adapter, values } = wanted
  const loaded = await app.config()
  if (!namePattern.test(name)) {
    throw new CaravanError({ code: 'usage', message: `${name}: ${nameRule}` })
  }
  if (entriesOf(loaded.raw.services).some(([taken]) => taken === name))
    throw nameTaken(name, adapter)
  refuse(adapter, faultsOfValues(await formOfAdapter(adapter), values))
  if (storesSecrets) await (await app.secrets()).key()
}

/** Checks a new service, tests its connection, stores its secrets and writes it into the file, in this order. */
export async function addService(app: App, wanted: NewService): Promise<AddedService> {
  const { name, adapter: id } = wanted
  const fields = await formOfAdapter(id)
  const missing = fields.filter(
    (field) => field.isRequired && wanted.values[field.name] === undefined,
  )
  const lacks = missing.map((field) => `  ${field.name}: missing`)
  refuse(id, [...faultsOfValues(fields, wanted.values), ...lacks])
  const values = readValues(fields, wanted.values)
  const { raw, placeOf } = await app.config()
  const places = placesOfSecrets(raw)
  const { config, secrets } = splitSecrets(name, fields, values, (taken) => places.has(taken))
  await prepareAdd(app, { name, adapter: id, values }, { storesSecrets: secrets.length > 0 })

  const draft = { name, adapter: id, config: values, settings: {}, placeOf }
  const tested = await testDraft(app, draft, wanted.test, wanted.say)
  const entry = { adapter: id, config }
  const text = await save(app, {
    secrets,
    dropped: [],
    edit: (before) => addToText(before, name, entry),
  })
  await noteExpiry(app, name, tested.report?.expires, config)
  return {
    service: name,
    adapter: id,
    config: app.file(),
    line: lineOf(text ?? '', app.file(), name),
    ...testAnswer(tested),
    secrets: secrets.map((secret) => secret.name),
  }
}

/** Where a service stands in the file, from 1. */
export const lineOf = (text: string, file: string, name: string): number =>
  placeIn(parseConfig(text, file), ['services', name], 'key').line

function refuse(adapter: string, faults: readonly string[]): void {
  if (faults.length === 0) return
  throw new CaravanError({
    code: 'usage',
    message: `these values do not make a service:\n${faults.join('\n')}`,
    hint: `The fields are shown by "caravan add ${adapter} --help".`,
  })
}

/** Plain secret values go to the store under `service.field`; the file gets a placeholder. */
function splitSecrets(
  service: string,
  fields: readonly FormField[],
  values: Record<string, unknown>,
  isTaken: (name: string) => boolean,
): { config: Record<string, unknown>; secrets: SecretValue[] } {
  const secrets: SecretValue[] = []
  const config: Record<string, unknown> = {}
  for (const field of fields) {
    const value = values[field.name]
    if (value === undefined) continue
    config[field.name] = value
    if (!field.isSecret || hasPlaceholder(value)) continue
    // Another service may name a secret of this name already: replacing that one would change the other service.
    const name = freeSecretName(`${service}.${field.name}`, isTaken)
    secrets.push(toSecretValue(name, value))
    config[field.name] = `\${secret:${name}}`
  }
  return { config, secrets }
}

const nameTaken = (name: string, adapter: string): CaravanError =>
  new CaravanError({
    code: 'service_exists',
    message: `there is a service named ${name} already`,
    hint: `Change it with "caravan edit ${name}", or give the new one another name: caravan add ${adapter} ${name}-2`,
  })
