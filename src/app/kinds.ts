import { adapters } from '../adapters/index.ts'
import { CaravanError } from '../core/errors.ts'
import type { OperationInfo } from './answers/kinds.ts'
import type { ServiceInfo } from './answers/services.ts'
import type { App } from './app.ts'
import { fieldsOf } from './call/fields.ts'
import { listOperations, type NamedOperation, operationNamed } from './call/operation.ts'
import { listServices } from './list-services.ts'
import { kindNamed } from './route.ts'

export type { OperationInfo }
export { exampleOf } from './call/fields.ts'

/** The operations of all kinds, of one, or one alone. `trouble`: why nothing is known of the services. */
export async function describeKinds(
  app: App,
  name?: string,
): Promise<{ operations: OperationInfo[]; trouble?: string }> {
  const wanted = operationsOf(name)
  const { services, trouble } = await servicesOf(app)
  const operations = await Promise.all(wanted.map((one) => describeOperation(one, services)))
  return { operations, trouble }
}

/** Throws `kind_unknown` or `operation_unknown`. */
export function operationsOf(name?: string): NamedOperation[] {
  if (name === undefined) return listOperations()
  if (name.includes('.')) return [operationNamed(name)]
  const kind = kindNamed(name)
  return listOperations().filter((each) => each.kind.id === kind.id)
}

async function describeOperation(
  { name, kind, operation, shape }: NamedOperation,
  services: readonly ServiceInfo[],
): Promise<OperationInfo> {
  const ofKind = adapters.filter((each) => each.kind === kind.id)
  const loaded = await Promise.all(ofKind.map(({ load }) => load()))
  const offering = new Set(
    loaded.filter((each) => each.operations[operation]).map((each) => each.id),
  )
  return {
    operation: name,
    kind: kind.id,
    title: kind.title,
    summary: shape.summary,
    effect: shape.effect,
    lists: shape.item !== undefined,
    inputs: fieldsOf(shape.input),
    services: services
      .filter((each) => each.kind === kind.id)
      .map(({ name: service, adapter, state, why }) => {
        const lacks = offering.has(adapter) ? null : `${adapter} does not offer it`
        const not = state === 'enabled' ? lacks : `${state}: ${why ?? ''}`
        return { service, adapter, serves: not === null, why: not }
      }),
    adapters: ofKind.map(({ id }) => id).filter((id) => offering.has(id)),
  }
}

/** The services of the project; none where there is no project, or one that cannot be read. */
async function servicesOf(
  app: App,
): Promise<{ services: readonly ServiceInfo[]; trouble?: string }> {
  try {
    return await listServices(app)
  } catch (error) {
    if (!(error instanceof CaravanError)) throw error
    return { services: [], ...(error.code !== 'config_missing' && { trouble: error.message }) }
  }
}
