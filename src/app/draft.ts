/** The test of a service config before it is saved. */
import { resolveService } from '../config/resolve.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { CheckReport } from '../core/adapter.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import type { App } from './app.ts'
import { adapterNamed } from './catalogue.ts'
import { serviceOf, type ServiceSettings, sourcesOf } from './service.ts'

export type Draft = {
  name: string
  adapter: string
  /** As it will be, secrets as plain values or as placeholders. */
  config: Record<string, unknown>
  /** As it stands in the file; may hold placeholders. */
  proxy?: string
  settings: ServiceSettings
  placeOf: LoadedConfig['placeOf']
}

/** `must-pass`: a failed test saves nothing. `try`: it is told, and saved all the same. */
export type TestWish = 'must-pass' | 'try' | 'skip'

/**
 * Checks a draft by its schema and the rules that join its fields, then asks the vendor. Null when no test was made or
 * when it failed and may fail. Throws `config_invalid`, `placeholder_unset`, or how the test failed.
 */
export async function testDraft(
  app: App,
  draft: Draft,
  wish: TestWish,
  say: (text: string) => void,
): Promise<CheckReport | null> {
  const { name, config, proxy, settings, placeOf } = draft
  const adapter = await adapterNamed(draft.adapter)
  const raw = { services: { [name]: { config, ...(proxy === undefined ? {} : { proxy }) } } }
  const sources = await sourcesOf(app)
  const loaded = { file: app.file(), raw, placeOf }
  const resolving = resolveService(loaded, name, adapter.config, sources, adapter.checkConfig)
  const resolved = await resolving.catch((error: unknown) => {
    // Without a test a value may still come from a place that only another machine has.
    if (wish === 'skip' && error instanceof CaravanError && error.code === 'placeholder_unset')
      return undefined
    throw error
  })
  if (wish === 'skip' || !resolved) return null
  const effect = adapter.checkEffect ?? 'read'
  if (effect !== 'read') {
    const run = `caravan test ${name} --max-effect ${effect}`
    say(
      `The test of ${adapter.title} has the effect "${effect}" and was not made. To make it: ${run}`,
    )
    return null
  }
  try {
    const service = await serviceOf(app, name, adapter, resolved, settings)
    return await (await app.calls()).check(service, app.signal, { isDraft: true })
  } catch (error) {
    if (wish === 'must-pass' || app.signal.aborted) throw error
    say(`The connection test failed: ${messageOf(error)}. Saved all the same.`)
    return null
  }
}
