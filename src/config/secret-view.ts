import { z } from 'zod'
import type { Catalogue } from './checks.ts'
import { Config, JobConfig, ServiceConfig } from './schema.ts'
import { entriesOf, isGroup } from './tree.ts'

/**
 * What may be shown of a part of the file. `open`: everything. `secret`: nothing, the schema says so. `unknown`: nothing,
 * for no schema knows this key, and a mistyped `password` is still a password.
 */
export type View = 'open' | 'secret' | 'unknown' | GroupView | ListView

export type GroupView = { fields: ReadonlyMap<string, View>; rest?: View }
export type ListView = { item: View }

/** Names that hold a secret wherever no schema says what they hold. */
const secretName =
  /pass(?:word|wd|phrase|code)|pwd|secret|token|credential|authori[sz]ation|cookie|bearer|(?:api|app|access|private|auth|sign|encrypt\w*)[-_]?key|密[码钥]|парол|секрет/iu

export const isSecretName = (name: string): boolean => secretName.test(name)

/** What may be shown of a whole file; `raw` tells which adapters and jobs it names. */
export async function viewOfConfig(raw: unknown, catalogue: Catalogue): Promise<View> {
  const top = viewOf(Config) as GroupView
  if (!isGroup(raw)) return 'unknown'
  const services = await Promise.all(
    entriesOf(raw.services).map(async ([name, entry]): Promise<[string, View]> => {
      const id = isGroup(entry) ? entry.adapter : undefined
      const schema = typeof id === 'string' ? await catalogue.configSchemaOf(id) : undefined
      return [name, withField(viewOf(ServiceConfig), 'config', schema)]
    }),
  )
  const jobs = await Promise.all(
    entriesOf(raw.jobs).map(async ([id]): Promise<[string, View]> => {
      return [id, withField(viewOf(JobConfig), 'with', await catalogue.optionsSchemaOf(id))]
    }),
  )
  const fields = new Map(top.fields)
  fields.set('services', { fields: new Map(services) })
  fields.set('jobs', { fields: new Map(jobs) })
  return { fields }
}

/** The view of one entry deeper. */
export function viewInside(view: View, step: string | number): View {
  if (typeof view === 'string') return view
  if ('item' in view) return typeof step === 'number' ? view.item : 'unknown'
  const known = view.fields.get(String(step))
  if (known) return known
  if (view.rest === undefined) return 'unknown'
  return isSecretName(String(step)) ? 'secret' : view.rest
}

function withField(view: View, name: string, schema: z.ZodType | undefined): View {
  const { fields } = view as GroupView
  return { fields: new Map(fields).set(name, schema ? viewOf(schema) : 'unknown') }
}

/** What a schema says about its parts; what it holds in several shapes is secret where one of them is. */
export function viewOf(schema: z.core.$ZodType): View {
  if (z.globalRegistry.get(schema)?.secret === true) return 'secret'
  const def = schema._zod.def as z.core.$ZodTypeDef & Parts
  if (def.shape) {
    const fields = Object.entries(def.shape).map(([name, part]) => [name, viewOf(part)] as const)
    return { fields: new Map(fields) }
  }
  if (def.type === 'record' && def.valueType)
    return { fields: new Map(), rest: viewOf(def.valueType) }
  if (def.element) return { item: viewOf(def.element) }
  if (def.options) return joined(def.options.map(viewOf))
  if (def.left && def.right) return joined([viewOf(def.left), viewOf(def.right)])
  if (def.innerType) return viewOf(def.innerType)
  if (def.in && def.out) return viewOf(def.in._zod.def.type === 'transform' ? def.out : def.in)
  // What refers to itself cannot be followed to its end.
  return def.type === 'lazy' ? 'unknown' : 'open'
}

type Parts = {
  shape?: Record<string, z.core.$ZodType>
  valueType?: z.core.$ZodType
  element?: z.core.$ZodType
  options?: z.core.$ZodType[]
  left?: z.core.$ZodType
  right?: z.core.$ZodType
  innerType?: z.core.$ZodType
  in?: z.core.$ZodType
  out?: z.core.$ZodType
}

function joined(views: View[]): View {
  if (views.includes('secret')) return 'secret'
  const groups = views.filter(
    (view): view is GroupView => typeof view !== 'string' && 'fields' in view,
  )
  const lists = views.filter((view): view is ListView => typeof view !== 'string' && 'item' in view)
  if (groups.length > 0 && lists.length > 0) return 'unknown'
  if (lists.length > 0) return { item: joined(lists.map(({ item }) => item)) }
  if (groups.length === 0) return 'open'
  const names = new Set(groups.flatMap(({ fields }) => [...fields.keys()]))
  const fieldOf = (name: string): [string, View] => [
    name,
    joined(groups.flatMap(({ fields }) => fields.get(name) ?? [])),
  ]
  const rests = groups.flatMap(({ rest }) => rest ?? [])
  return {
    fields: new Map([...names].map(fieldOf)),
    ...(rests.length > 0 && { rest: joined(rests) }),
  }
}

/** Names of fields that a view knows, with whether they are secret; those of groups inside as well. */
export function fieldNames(view: View, found = new Map<string, boolean>()): Map<string, boolean> {
  if (typeof view === 'string') return found
  if ('item' in view) return fieldNames(view.item, found)
  for (const [name, inner] of view.fields) {
    found.set(name, found.get(name) === true || inner === 'secret')
    fieldNames(inner, found)
  }
  return view.rest ? fieldNames(view.rest, found) : found
}
