import { adapters } from '../adapters/index.ts'
import type { LoadedConfig } from '../config/load.ts'
import { hasPlaceholder } from '../config/placeholders.ts'
import { eachChild, entriesOf, isGroup } from '../config/tree.ts'
import { maskLoaded } from './config-history/mask-loaded.ts'
import type { Overview, ServiceOverview } from './overview.ts'

/** The overview of a config that was just read. */
export async function makeOverview(loaded: LoadedConfig): Promise<Overview> {
  const { raw, config, faults } = loaded
  return {
    state: config.state,
    services: entriesOf(raw.services).map(([name, entry]) => overviewOf(name, entry, config)),
    jobs: Object.fromEntries(
      entriesOf(raw.jobs).map(([id]) => {
        const {
          schedule = null,
          timezone = config.timezone,
          enabled = true,
        } = config.jobs[id] ?? {}
        return [id, { schedule, timezone, enabled, isFaulty: config.jobs[id] === undefined }]
      }),
    ),
    maxSize: config.retention.max_size,
    faults: faults.length,
    versionHash: (await maskLoaded(loaded)).hash,
    isConstant: !hasOuterPlaceholder(raw),
  }
}

function overviewOf(name: string, entry: unknown, config: LoadedConfig['config']): ServiceOverview {
  const usable = config.services[name]
  const written = isGroup(entry) && typeof entry.adapter === 'string' ? entry.adapter : ''
  const adapter = usable?.adapter ?? written
  const { priority = 1, weight = 100, enabled = true } = usable ?? {}
  const kind = adapters.find(({ id }) => id === adapter)?.kind ?? ''
  return { name, adapter, kind, priority, weight, enabled, isFaulty: usable === undefined }
}

/** Placeholders inside a service wait until it is used; anywhere else they were resolved with the environment. */
function hasOuterPlaceholder(raw: Record<string, unknown>): boolean {
  const outer = entriesOf(raw.services).map(([, service]) =>
    isGroup(service) ? { ...service, config: null, proxy: null } : service,
  )
  return anyPlaceholder({ ...raw, services: outer })
}

function anyPlaceholder(node: unknown): boolean {
  if (hasPlaceholder(node)) return true
  let isFound = false
  eachChild(node, [], (child) => (isFound ||= anyPlaceholder(child)))
  return isFound
}
