/**
 * The names a shell completes. Services and jobs come from the overview of the config, which is cached; what stands in
 * the state is read without opening it: no migration, no key, nothing written.
 */
import type { FileKind } from '../store/inspect.ts'
import type { Look } from '../store/look.ts'
import type * as storeNames from '../store/names.ts'
import type { Named } from '../store/names.ts'
import type { CallLogTables } from '../store/schema-calls.ts'
import type { Database } from '../store/schema.ts'
import type { App } from './app.ts'
import type { FormField } from './forms.ts'

export type Candidate = { value: string; about?: string }

export type NameKind = keyof typeof listers

/** How many of what there is no end of: as many as a person can choose from. */
const shown = 20

/** The fields that `sync <job>`, `add <adapter>`, `sandbox <adapter>` and `edit <service>` take as flags. */
export async function listFields(
  app: App,
  source: 'job' | 'adapter' | 'twin' | 'service',
  name: string,
): Promise<FormField[]> {
  const forms = await import('./forms.ts')
  if (source === 'job') return forms.formOfJob(name)
  if (source === 'twin') return forms.formOfTwin(name)
  if (source === 'adapter') return forms.formOfAdapter(name)
  const { services } = await app.overview()
  const service = services.find((each) => each.name === name)
  return service ? [...(await forms.formOfAdapter(service.adapter)), ...forms.formOfSettings()] : []
}

export const listNames = (app: App, kind: NameKind): Promise<Candidate[]> => listers[kind](app)

/** The keys an operation takes, each with the sign that its value follows. Throws `operation_unknown`. */
export async function listInputs(operation: string): Promise<Candidate[]> {
  const { operationNamed } = await import('./call/operation.ts')
  const { fieldsOf } = await import('./call/fields.ts')
  return fieldsOf(operationNamed(operation).shape.input)
    .filter(({ name }) => !/[<[]/.test(name))
    .map(({ name, type, description }) => ({ value: `${name}=`, about: description ?? type }))
}

const listers = {
  async operation(): Promise<Candidate[]> {
    const { listOperations } = await import('./call/operation.ts')
    return listOperations().map(({ name, shape }) => ({ value: name, about: shape.summary }))
  },
  async kind(): Promise<Candidate[]> {
    const { kinds } = await import('../core/kinds/index.ts')
    return Object.values(kinds).map(({ id, title }) => ({ value: id, about: title }))
  },
  async rule(): Promise<Candidate[]> {
    const { rules } = await import('./alerts/rules/index.ts')
    return rules.map(({ id, title }) => ({ value: id, about: title }))
  },
  async service(app: App): Promise<Candidate[]> {
    const { services } = await app.overview()
    return services.map(({ name, adapter, enabled }) => ({
      value: name,
      about: enabled ? adapter : `${adapter}, disabled`,
    }))
  },
  async adapter(): Promise<Candidate[]> {
    const { adapters } = await import('../adapters/index.ts')
    return adapters.map(({ id, kind }) => ({ value: id, about: kind }))
  },
  async job(): Promise<Candidate[]> {
    const { jobs } = await import('../jobs/index.ts')
    return jobs.map(({ id, title }) => ({ value: id, about: title }))
  },
  async code(): Promise<Candidate[]> {
    const { listExplanations } = await import('./explain.ts')
    return listExplanations().map(({ code, cause }) => ({ value: code, about: cause }))
  },
  async configKey(app: App): Promise<Candidate[]> {
    const { services, jobs } = await app.overview()
    return [
      ...services.map(({ name, adapter }) => ({ value: `services.${name}`, about: adapter })),
      ...Object.keys(jobs).map((id) => ({ value: `jobs.${id}` })),
    ]
  },
  run: (app: App) => inState(app, (look, names) => names.recentRuns(look, shown)),
  secret: (app: App) => inState(app, (look, names) => names.secretNames(look)),
  keySlot: (app: App) => inState(app, (look, names) => names.keySlotNames(look)),
  configVersion: (app: App) => inState(app, (look, names) => names.configVersionNames(look, shown)),
  call: (app: App) => inLog(app, (look, names) => names.recentCalls(look, shown)),
}

type Names = typeof storeNames

async function inState(
  app: App,
  list: (look: Look<Database>, names: Names) => Promise<Named[]>,
): Promise<Candidate[]> {
  const { stateFile } = await import('../store/files.ts')
  return lookUp(await app.statePath(), stateFile, list)
}

async function inLog(
  app: App,
  list: (look: Look<CallLogTables>, names: Names) => Promise<Named[]>,
): Promise<Candidate[]> {
  const { callLogFile, callLogPath } = await import('../store/files.ts')
  return lookUp(callLogPath(await app.statePath()), callLogFile, list)
}

async function lookUp<Tables>(
  path: string,
  kind: FileKind,
  list: (look: Look<Tables>, names: Names) => Promise<Named[]>,
): Promise<Candidate[]> {
  const { lookInto } = await import('../store/look.ts')
  const opened = lookInto<Tables>(path, kind)
  try {
    const found = await list(opened, await import('../store/names.ts'))
    return found.map(({ name, about }) => ({ value: name, about }))
  } finally {
    await opened.close()
  }
}
