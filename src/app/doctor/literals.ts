import { fieldsOf } from '../../config/form.ts'
import { hasPlaceholder, parsePlaceholders } from '../../config/placeholders.ts'
import { isGroup } from '../../config/tree.ts'
import { adapters } from '../../adapters/index.ts'
import type { Check, Finding } from './check.ts'
import { quoted } from './texts.ts'

const id = 'literals'

/** A secret that stands in the file: where, and the name it would have in the store. */
export type Literal = { service: string; field: string }

export const literals: Check = {
  id,
  title: 'Secrets in the config',
  async run(patient) {
    const { raw } = await patient.config()
    const byService = Map.groupBy(await findLiterals(raw), ({ service }) => service)
    return [...byService].map(([service, found]) => findingOf(service, found))
  },
}

function findingOf(service: string, found: readonly Literal[]): Finding {
  const fields = found.map(({ field }) => field)
  const name = `${service}.${fields[0]}`
  const store = `"caravan secret set ${quoted(name)}", and write \${secret:${name}} in its place`
  return {
    check: id,
    severity: 'warning',
    what: `secrets of ${service} stand in the config in clear: ${fields.join(', ')}`,
    why: 'whoever reads the file, or a copy of it, has the credentials',
    mend: fields.length === 1 ? `Store it with ${store}.` : `Store each, such as ${store}.`,
  }
}

/** Secret fields whose value stands in the file; a default behind an environment variable stands there too. */
export async function findLiterals(raw: Record<string, unknown>): Promise<Literal[]> {
  if (!isGroup(raw.services)) return []
  const found: Literal[] = []
  for (const [service, entry] of Object.entries(raw.services)) {
    if (!isGroup(entry)) continue
    if (hasPassword(entry.proxy)) found.push({ service, field: 'proxy' })
    const adapter = await adapters.find((one) => one.id === entry.adapter)?.load()
    if (!adapter || !isGroup(entry.config)) continue
    for (const { name, isSecret } of fieldsOf(adapter.config)) {
      if (isSecret && isLiteral(entry.config[name])) found.push({ service, field: name })
    }
  }
  return found
}

const hasPassword = (proxy: unknown): boolean =>
  typeof proxy === 'string' && !hasPlaceholder(proxy) && Boolean(URL.parse(proxy)?.password)

function isLiteral(value: unknown): boolean {
  if (typeof value !== 'string') return value !== undefined && value !== null
  const parts = parsePlaceholders(value)
  if (typeof parts === 'string') return false
  if (parts.every(({ type }) => type === 'text')) return value !== ''
  return parts.some((part) => part.type === 'env' && Boolean(part.fallback))
}
