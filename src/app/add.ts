import { readFile } from 'node:fs/promises'
import { namePattern, nameRule } from '../config/schema.ts'
import { resolveService } from '../config/resolve.ts'
import { hasPlaceholder } from '../config/placeholders.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
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

/** Checks a new service, tests its connection, stores its secrets and writes it into the file, in this order. */
export async function addService(app: App, wanted: NewService): Promise<AddedService> {
  const { name, adapter: id, values } = wanted
  const loaded = await app.config()
  if (!namePattern.test(name)) {
    throw new CaravanError({ code: 'usage', message: `${name}: the name ${nameRule}` })
  }
  if (Object.hasOwn((loaded.raw.services ?? {}) as object, name)) throw nameTaken(name)

  const fields = await formOfAdapter(id)
  refuseBadValues(id, fields, values)
  const test = await testFirst(app, wanted)

  const { config, secrets } = splitSecrets(name, fields, values)
  const store = await app.secrets()
  for (const [secret, value] of secrets) await store.write(secret, value)
  const { line } = await writeNewService(app, name, { adapter: id, config })
  return {
    service: name,
    adapter: id,
    config: app.file(),
    line,
    test,
    secrets: secrets.map(([secret]) => secret),
  }
}

/** A JSON object of field names and values. Throws `file_unreadable` or `input_invalid`. */
export async function readAnswersFile(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CaravanError({
      code: 'file_unreadable',
      message: `cannot read ${path}: ${messageOf(error)}`,
    })
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
): void {
  const known = fields.map((field) => field.name)
  const unknown = Object.keys(values).filter((name) => !known.includes(name))
  const faults = [
    ...unknown.map((name) => `  ${name}: unknown field`),
    ...fields.flatMap((field) => {
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
    return await (await app.calls()).check(service, app.signal)
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

const nameTaken = (name: string): CaravanError =>
  new CaravanError({
    code: 'service_exists',
    message: `there is a service named ${name} already`,
    hint: 'Give the new one another name behind the adapter: caravan add <adapter> <name>.',
  })
