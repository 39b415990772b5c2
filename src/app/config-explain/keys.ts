/** Every key the file may hold: what the schemas say, for the services and jobs there are. */
import type { z } from 'zod'
import { type Field, fieldsOf } from '../../config/form.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { inside } from '../../config/issues.ts'
import { Config, JobConfig, RouteConfig, ServiceConfig } from '../../config/schema.ts'
import { entriesOf, isGroup } from '../../config/tree.ts'
import type { AnyAdapter } from '../../core/adapter.ts'
import { adapters } from '../../adapters/index.ts'
import { configOptionsOf } from '../../jobs/define.ts'
import { jobs } from '../../jobs/index.ts'

export type Leaf = {
  path: string[]
  /** Undefined for a field that no schema knows, as those of an unknown adapter. */
  schema?: z.core.$ZodType
  field?: Field
  /** Whose schema it is, and whose default. */
  owner: 'caravan' | 'adapter' | 'job'
  /** Of the service it belongs to, where the program has it. */
  adapter?: AnyAdapter
}

export type KeyNode = { leaf: Leaf } | { children: Map<string, KeyNode> }

/** The keys as a tree, from the top of the file. */
export async function readKeys({ raw }: LoadedConfig): Promise<KeyNode> {
  const top = groupOf(Config, [], { owner: 'caravan' })
  const services = entriesOf(raw.services).map(
    async ([name, entry]): Promise<[string, KeyNode]> => {
      const path = ['services', name]
      const id = isGroup(entry) ? entry.adapter : undefined
      const adapter = await adapters.find((one) => one.id === id)?.load()
      const group = groupOf(ServiceConfig, path, { owner: 'caravan', adapter })
      const config = [...path, 'config']
      group.set('config', {
        children: adapter
          ? groupOf(adapter.config, config, { owner: 'adapter', adapter })
          : unknownFields(isGroup(entry) ? entry.config : undefined, config),
      })
      return [name, { children: group }]
    },
  )
  const known = jobs.map(async ({ id, load }): Promise<[string, KeyNode]> => {
    const path = ['jobs', id]
    const group = groupOf(JobConfig, path, { owner: 'caravan' })
    const options = groupOf(configOptionsOf(await load()), [...path, 'with'], { owner: 'job' })
    group.set('with', { children: options })
    return [id, { children: group }]
  })
  const kinds = new Set([
    ...entriesOf(raw.routes).map(([name]) => name),
    ...adapters.map(({ kind }) => kind),
  ])
  const routes = [...kinds].map((kind): [string, KeyNode] => [
    kind,
    { children: groupOf(RouteConfig, ['routes', kind], { owner: 'caravan' }) },
  ])
  top.set('services', { children: new Map(await Promise.all(services)) })
  top.set('routes', { children: new Map(routes) })
  top.set('jobs', { children: new Map(await Promise.all(known)) })
  return { children: top }
}

type Owner = Pick<Leaf, 'owner' | 'adapter'>

function groupOf(schema: z.ZodObject, path: string[], owner: Owner): Map<string, KeyNode> {
  const fields = new Map(fieldsOf(schema).map((field) => [field.name, field]))
  const nodes = Object.entries(schema.shape).map(([name, part]): [string, KeyNode] => {
    const inner = inside(part)
    const at = [...path, name]
    const isObject = inner._zod.def.type === 'object'
    return isObject
      ? [name, { children: groupOf(inner as z.ZodObject, at, owner) }]
      : [name, { leaf: { ...owner, path: at, schema: part, field: fields.get(name) } }]
  })
  return new Map(nodes)
}

const unknownFields = (config: unknown, path: string[]): Map<string, KeyNode> =>
  new Map(
    entriesOf(config).map(([name]) => [
      name,
      { leaf: { path: [...path, name], owner: 'adapter' } },
    ]),
  )

/** Every key at or below a node. */
export const leavesOf = (node: KeyNode): Leaf[] =>
  'leaf' in node ? [node.leaf] : [...node.children.values()].flatMap(leavesOf)
