import { CaravanError } from '../core/errors.ts'
import type { App } from './app.ts'
import { listServices } from './list-services.ts'

/** The service that serves a kind: of those enabled, the one with the lowest priority number, then the first by name. */
export async function serviceOfKind(app: App, kind: string): Promise<string> {
  const { services } = await listServices(app)
  const ofKind = services.filter((service) => service.kind === kind)
  const [first] = ofKind
    .filter(({ state }) => state === 'enabled')
    .toSorted((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1))
  if (first) return first.name
  const off = ofKind.map(({ name, state, why }) => `${name} is ${state} (${why ?? ''})`)
  throw new CaravanError({
    code: 'no_service',
    message: `no service of kind ${kind} can be used`,
    hint:
      off.length > 0
        ? `${off.join('; ')}.`
        : `Add one: "caravan adapters" lists who offers ${kind}.`,
  })
}
