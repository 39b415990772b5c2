import { readFile } from 'node:fs/promises'
import { namePattern, nameRule } from '../config/schema.ts'
import { resolveService } from '../config/resolve.ts'
import { hasPlaceholder } from '../config/placeholders.ts'
import { CaravanError, messageOf, systemCode } from '../core/errors.ts'
import type { App } from './app.ts'
import { adapterNamed } from './catalogue.ts'
import { writeNewService } from './edit.ts'
import { type FormField, formOfAdapter } from './forms.ts'
import { serviceOf, sourcesOf } from './service.ts'

export type NewService = {
  name: string
  adapter: string
  /** By field name; secrets as plain values or as placeholders. */
  values: Record<string, unknown>
  /** `must-pass`: a failed test saves nothing. `try`: it is told, and saved all the same. */
  test: 'must-pass' | 'try' | 'skip'
  say(text: string): void
}

export type AddedService = {
  service: string
  adapter: string
  config: string
  line: number
  /** Names under which its secrets are stored. */
  secrets: string[]
  /** What the connection test saw; null when none was made. */
  test: string | null
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
    throw new CaravanError({ code: 'usage', message: `${name}: the name ${nameRule}` })
  }
  if (Object.hasOwn((loaded.raw.services ?? {}) as object, name)) throw nameTaken(name, adapter)
  const given = (await formOfAdapter(adapter)).filter(({ name: field }) => field in values)
  refuseBadValues(adapter, await formOfAdapter(adapter), values, given)
  if (storesSecrets) await (await app.secrets()).key()
}

/** Checks a new service, tests its connection, stores its secrets and writes it into the file, in this order. */
export async function addService(app: App, wanted: NewService): Promise<AddedService> {
  const { name, adapter: id } = wanted
  const fields = await formOfAdapter(id)
  refuseBadValues(id, fields, wanted.values, fields)
  const values = readValues(fields, wanted.values)
  const { config, secrets } = splitSecrets(name, fields, values)
  await prepareAdd(app, { name, adapter: id, values }, { storesSecrets: secrets.length > 0 })

  const test = await testFirst(app, { ...wanted, values })
  const line = await save(app, name, { adapter: id, config }, secrets)
  return {
    service: name,
    adapter: id,
    config: app.file(),
    line,
    test,
    secrets: secrets.map(([secret]) => secret),
  }
}

/** Secrets first, for the file must not name what is not there. When the file cannot be written they go again. */
async function save(
  app: App,
  name: string,
  service: { adapter: string; config: object },
  secrets: readonly [name: string, value: string][],
): Promise<number> {
  const store = await app.secrets()
  const before = new Map<string, string | undefined>()
  try {
    for (const [secret, value] of secrets) {
      before.set(secret, await store.read(secret))
      await store.write(secret, value)
    }
    return (await writeNewService(app, name, service)).line
  } catch (error) {
    for (const [secret, value] of before) {
      await (value === undefined ? store.remove(secret) : store.write(secret, value))
    }
    throw error
  }
}

/** Throws `usage` for a secret that stands in the words themselves: the process list shows it to everybody. */
export function refuseBareSecrets(
  fields: readonly FormField[],
  flags: Readonly<Record<string, unknown>>,
): void {
  const bare = fields.filter(({ name, isSecret }) => {
    const value = flags[name]
    return isSecret && value !== undefined && value !== '-' && !hasPlaceholder(value)
  })
  if (bare.length === 0) return
  const names = bare.map(({ name }) => `--${name.replaceAll('_', '-')}`)
  throw new CaravanError({
    code: 'usage',
    message: `a secret on the command line can be read by everybody on this machine: ${names.join(', ')}`,
    hint:
      'Leave the flag out to be asked, write "-" to pipe the value in, or use --answers or a ${placeholder}. ' +
      'What you typed may be in the history of your shell.',
  })
}

/** A JSON object of field names and values. Throws `file_unreadable` or `input_invalid`. */
export async function readAnswersFile(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = systemCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    throw new CaravanError({ code: 'file_unreadable', message: `cannot read ${path}: ${why}` })
  })
  const answers = parseJson(text)
  if (typeof answers === 'object' && answers !== null && !Array.isArray(answers)) {
    return answers as Record<string, unknown>
  }
  throw new CaravanError({
    code: 'input_invalid',
    message: `${path} is not one JSON object`,
    hint: 'It holds field names and values, such as {"client_id": "…"}.',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Everything that is wrong at once: unknown fields, missing ones, and values the schema does not take. */
function refuseBadValues(
  adapter: string,
  fields: readonly FormField[],
  values: Record<string, unknown>,
  checked: readonly FormField[],
): void {
  const known = fields.map((field) => field.name)
  const unknown = Object.keys(values).filter((name) => !known.includes(name))
  const faults = [
    ...unknown.map((name) => `  ${name}: unknown field`),
    ...checked.flatMap((field) => {
      const value = values[field.name]
      if (value === undefined) return field.isRequired ? [`  ${field.name}: missing`] : []
      const fault = field.validate(value)
      return fault ? [`  ${field.name}: ${fault}`] : []
    }),
  ]
  if (faults.length === 0) return
  throw new CaravanError({
    code: 'usage',
    message: `these values do not make a service:\n${faults.join('\n')}`,
    hint: `The fields are shown by "caravan add ${adapter} --help".`,
  })
}

const readValues = (
  fields: readonly FormField[],
  values: Record<string, unknown>,
): Record<string, unknown> =>
  Object.fromEntries(
    fields
      .filter(({ name }) => values[name] !== undefined)
      .map((field) => [field.name, field.read(values[field.name])]),
  )

async function testFirst(app: App, wanted: NewService): Promise<string | null> {
  if (wanted.test === 'skip') return null
  const adapter = await adapterNamed(wanted.adapter)
  const place = { line: 0, column: 0 }
  const draft = {
    file: app.file(),
    raw: { services: { [wanted.name]: { config: wanted.values } } },
    placeOf: () => place,
  }
  const sources = await sourcesOf(app)
  const resolved = await resolveService(
    draft,
    wanted.name,
    adapter.config,
    sources,
    adapter.checkConfig,
  )
  const service = await serviceOf(app, wanted.name, adapter, resolved, {})
  try {
    return (await (await app.calls()).check(service, app.signal)).saw
  } catch (error) {
    if (wanted.test === 'must-pass') throw error
    wanted.say(`The connection test failed: ${messageOf(error)}. Saved all the same.`)
    return null
  }
}

/** Plain secret values go to the store under `service.field`; the file gets a placeholder. */
function splitSecrets(
  name: string,
  fields: readonly FormField[],
  values: Record<string, unknown>,
): { config: Record<string, unknown>; secrets: [name: string, value: string][] } {
  const secrets: [string, string][] = []
  const config: Record<string, unknown> = {}
  for (const field of fields) {
    const value = values[field.name]
    if (value === undefined) continue
    const isPlainSecret = field.isSecret && !hasPlaceholder(value)
    if (isPlainSecret) secrets.push([`${name}.${field.name}`, String(value)])
    config[field.name] = isPlainSecret ? `\${secret:${name}.${field.name}}` : value
  }
  return { config, secrets }
}

const nameTaken = (name: string, adapter: string): CaravanError =>
  new CaravanError({
    code: 'service_exists',
    message: `there is a service named ${name} already`,
    hint: `Give the new one another name: caravan add ${adapter} ${name}-2`,
  })
