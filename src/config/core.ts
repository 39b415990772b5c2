import type { AddFault, Path } from './faults.ts'
import { checkAgainst, valueAt } from './issues.ts'
import type { Issue } from './issues.ts'
import { hasPlaceholder, parsePlaceholders, resolvePlaceholders } from './placeholders.ts'
import type { Sources } from './placeholders.ts'
import { readScalars } from './scalars.ts'
import { Config } from './schema.ts'
import { eachChild, isGroup, samePath } from './tree.ts'

/** What may stand outside services: everything but the secret store, which is opened with what stands here. */
export type LoadSources = Omit<Sources, 'secret' | 'configDir'>

/**
 * Everything that is not in the words of an adapter, placeholders resolved but for `config` and `proxy` of services.
 * What is wrong goes to `add`, and its entry is left out of the result.
 */
export async function readCore(
  raw: Record<string, unknown>,
  configDir: string,
  sources: LoadSources,
  add: AddFault,
): Promise<Config> {
  const secret = () => Promise.reject(new Error('kept out by findMisplaced'))
  const lazy = setAside(raw)
  const broken: Path[] = []
  const note: AddFault = (path, message, rest) => {
    broken.push(path)
    add(path, message, rest)
  }
  findMalformed(raw, [], note)
  findMisplaced(lazy.rest, [], note)
  const resolved = await resolvePlaceholders(withoutSecrets(lazy.rest), {
    ...sources,
    configDir,
    secret,
  })
  const unset = resolved.faults.filter(({ kind }) => kind === 'unset')
  for (const { path, message, hint, kind } of unset) note(path, message, { hint, kind })

  const { value, issues } = readScalars(Config, resolved.value, resolved.whole)
  const isOpen = ({ path }: Issue) =>
    hasPlaceholder(valueAt(raw, path)) && unset.some((fault) => samePath(fault.path, path))
  for (const issue of issues.filter((each) => !isOpen(each))) {
    note(issue.path, issue.message, { part: issue.part })
  }

  const usable = checkAgainst(Config, prune(value, broken))
  const config = usable.ok ? usable.value : Config.parse({ version: 1 })
  for (const [name, service] of Object.entries(config.services)) {
    Object.assign(service, lazy.aside.get(name))
  }
  return config
}

/** Takes `config` and `proxy` out of every service: their placeholders wait until the service is used. */
function setAside(raw: Record<string, unknown>) {
  const aside = new Map<string, { config: Record<string, unknown>; proxy?: string }>()
  if (!isGroup(raw.services)) return { rest: raw, aside }
  const services = Object.entries(raw.services).map(([name, service]): [string, unknown] => {
    if (!isGroup(service)) return [name, service]
    const rest = { ...service }
    const kept: { config: Record<string, unknown>; proxy?: string } = { config: {} }
    if (isGroup(service.config)) {
      kept.config = service.config
      delete rest.config
    }
    if (hasPlaceholder(service.proxy)) {
      kept.proxy = service.proxy
      delete rest.proxy
    }
    aside.set(name, kept)
    return [name, rest]
  })
  return { rest: { ...raw, services: Object.fromEntries(services) }, aside }
}

function findMalformed(node: unknown, path: Path, add: AddFault): void {
  if (typeof node === 'string') {
    const parts = parsePlaceholders(node)
    if (typeof parts === 'string') add(path, parts)
  } else eachChild(node, path, (child, at) => findMalformed(child, at, add))
}

const usesSecret = (text: string): boolean => {
  const parts = parsePlaceholders(text)
  return typeof parts !== 'string' && parts.some(({ type }) => type === 'secret')
}

function findMisplaced(node: unknown, path: Path, add: AddFault): void {
  if (typeof node === 'string' && usesSecret(node)) {
    const hint = 'Use ${NAME}, ${file:path} or ${cred:name} here.'
    add(path, 'a stored secret can stand only in the config or proxy of a service', { hint })
  } else eachChild(node, path, (child, at) => findMisplaced(child, at, add))
}

/** Misplaced secrets were reported already; a value that is accepted anywhere takes their place. */
function withoutSecrets(node: unknown): unknown {
  if (typeof node === 'string') return usesSecret(node) ? node.replaceAll('${', () => '$${') : node
  if (Array.isArray(node)) return node.map(withoutSecrets)
  if (!isGroup(node)) return node
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, withoutSecrets(item)]))
}

/** Drops entries of services, routes and jobs, and whole other keys, that lie on a broken path. */
function prune(tree: unknown, broken: readonly Path[]): unknown {
  if (!isGroup(tree)) return tree
  const pruned: Record<string, unknown> = { ...tree, version: 1 }
  for (const [section, entry] of broken) {
    if (section === undefined || section === 'version') continue
    const group = pruned[section]
    const isList = section === 'services' || section === 'routes' || section === 'jobs'
    if (isList && entry !== undefined && isGroup(group)) {
      pruned[section] = Object.fromEntries(Object.entries(group).filter(([key]) => key !== entry))
    } else delete pruned[section]
  }
  return pruned
}
