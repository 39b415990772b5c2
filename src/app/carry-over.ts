import { isDeepStrictEqual } from 'node:util'
import type { Service } from '../calls/call.ts'
import { Secret } from '../core/secret.ts'
import type { App } from './app.ts'
import { makeService } from './service.ts'

type Services = Map<string, Promise<Service>>

/**
 * Opens under a new version of the config what was open under the former one. A service that is the same goes on, with
 * its tokens, its pace and its places. One that cannot be opened any more says why when it is used.
 */
export async function carryOver(later: App, former: Services, carried: Services): Promise<void> {
  for (const [name, opening] of former) {
    const before = await opening.catch(() => undefined)
    if (!before) continue
    const after = await makeService(later, name).catch(() => undefined)
    if (!after) continue
    carried.set(name, Promise.resolve(isSame(before, after) ? before : after))
  }
}

/** Whether two services would act alike: same adapter, guards and config, secrets included. */
export const isSame = (a: Service, b: Service): boolean =>
  a.adapter === b.adapter &&
  a.configHash === b.configHash &&
  isDeepStrictEqual(a.guards, b.guards) &&
  revealed(a.config) === revealed(b.config)

const revealed = (config: unknown): string =>
  JSON.stringify(config, function (this: Record<string, unknown>, name, value) {
    const given = this[name]
    return given instanceof Secret ? { secret: given.reveal() } : value
  })
