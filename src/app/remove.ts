import { entriesOf } from '../config/tree.ts'
import type { App } from './app.ts'
import { channelsIn, writeWithoutService } from './edit.ts'
import { serviceEntry } from './service.ts'
import { listSecrets } from './secrets.ts'

/** What goes along with a service: the secrets that it alone uses. Throws `service_unknown`. */
export async function planRemoval(
  app: App,
  name: string,
): Promise<{ secrets: string[]; isChannel: boolean }> {
  const loaded = await app.usableConfig()
  const isNamed = entriesOf(loaded.raw.services).some(([known]) => known === name)
  if (!isNamed) serviceEntry(loaded, name)
  const secrets = await listSecrets(app)
  const own = secrets.filter(({ used_by }) => used_by.length === 1 && used_by[0] === name)
  const isChannel = channelsIn(loaded.raw).includes(name)
  return { secrets: own.map((secret) => secret.name), isChannel }
}

/** Takes the service out of the file first: a secret without a service harms nobody, the reverse does. */
export async function removeService(app: App, name: string, secrets: string[]): Promise<void> {
  await writeWithoutService(app, name)
  const store = await app.secrets()
  for (const secret of secrets) await store.remove(secret)
}
