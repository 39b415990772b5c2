/** A project opened in the process of the test: a process of its own costs more than what most tests do. */
import { addService } from '../app/add.ts'
import { type App, openApp } from '../app/app.ts'
import { type Clock, systemClock } from '../core/clock.ts'

/** Opens the project in a folder as the program does, does one thing with it, and closes it again. */
export async function withAppIn<T>(
  folder: string,
  use: (app: App) => Promise<T>,
  { env = {}, clock = systemClock }: { env?: Record<string, string>; clock?: Clock } = {},
): Promise<T> {
  const app = openApp({ env, cwd: folder, clock, signal: new AbortController().signal })
  try {
    return await use(app)
  } finally {
    await app.close()
  }
}

/** What `caravan add haier` does; `config` is that of a twin. */
export async function addHaier(
  folder: string,
  config: Record<string, unknown>,
  name = 'haier',
): Promise<void> {
  const service = { name, adapter: 'haier', values: config, test: 'must-pass' as const }
  await withAppIn(folder, (app) => addService(app, { ...service, say: () => undefined }))
}
