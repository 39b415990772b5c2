/** Several services of the trial kind in one route, each with a vendor of its own. */
import type { Candidate, Route, Service } from '../calls/call.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { memoryCallLog, memoryState } from './state.ts'
import { trialAdapter } from './trial-adapter.ts'
import { connect, type Connected, type Overrides } from './vendor.ts'

export type Member = {
  name: string
  url: string
  adapter?: AnyAdapter
  /** Of the config; default: `key of <name>`. */
  key?: string
  priority?: number
  weight?: number
  /** Takes the place of opening it. */
  open?: () => Promise<Service>
}

export type Joined = Pick<Connected, 'path' | 'logged' | 'db'> & {
  route: Route
  services: Service[]
  ask(
    operation: string,
    input?: unknown,
    signal?: AbortSignal,
  ): ReturnType<Connected['path']['ask']>
}

/** Joins services to a route in the order given: each has the next priority unless it names one. */
export async function joinRoute(
  members: readonly Member[],
  { deadlineMs = 60_000, ...overrides }: Overrides = {},
): Promise<Joined> {
  const [db, logDb] = [overrides.db ?? (await memoryState()), await memoryCallLog()]
  const connected = await Promise.all(
    members.map(({ name, url, adapter = trialAdapter, key = `key of ${name}` }) =>
      connect(adapter, { base_url: url, key }, { ...overrides, deadlineMs, db, logDb, name }),
    ),
  )
  const [first] = connected
  if (!first) throw new Error('a route needs a service')
  const candidates = members.map(({ name, priority, weight = 100, open }, at): Candidate => ({
    name,
    priority: priority ?? at,
    weight,
    open: open ?? (async () => connected[at]?.service as Service),
  }))
  const route: Route = {
    kind: first.service.adapter.kind,
    candidates,
    whenUnavailable: 'fail',
    deadlineMs,
    queueForMs: 0,
    cacheForMs: 0,
    staleForMs: 0,
  }
  const { path, logged } = first
  return {
    path,
    logged,
    db,
    route,
    services: connected.map(({ service }) => service),
    ask: (operation, input = { id: '1' }, signal) => path.ask(route, operation, input, { signal }),
  }
}
