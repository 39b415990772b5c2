/** The test of a service config before it is saved. */
import { resolveService } from '../config/resolve.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { CheckReport } from '../core/adapter.ts'
import { CaravanError, changed, IntegrationError, messageOf } from '../core/errors.ts'
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

/** What came of the test: nothing when none was made. `failed`: why it failed, where it may. */
export type Tested = { report?: CheckReport; failed?: string }

/** The same as answers have it. */
export const testAnswer = ({ report, failed }: Tested) => ({
  test: report?.saw ?? null,
  test_failed: failed ?? null,
})

/**
 * Checks a draft by its schema and the rules that join its fields, then asks the vendor. Throws `config_invalid`, `placeholder_unset`, or how the test failed.
 */
export async function testDraft(
  app: App,
  draft: Draft,
  wish: TestWish,
  say: (text: string) => void,
): Promise<Tested> {
  const { name, config, proxy, settings, placeOf } = draft
  const adapter = await adapterNamed(draft.adapter)
  const raw = { services: { [name]: { config, ...(proxy === undefined ? {} : { proxy }) } } }
  const sources = await sourcesOf(app)
  const loaded = { file: app.file(), raw, placeOf }
  const resolving = resolveService(loaded, name, adapter.config, sources, adapter)
  const resolved = await resolving.catch((error: unknown) => {
    // Without a test a value may still come from a place that only another machine has.
    if (wish === 'skip' && error instanceof CaravanError && error.code === 'placeholder_unset')
      return undefined
    throw error
  })
  for (const { path, message } of resolved?.remarks ?? []) {
    say(`! ${String(path.at(-1))}: ${message}`)
  }
  if (wish === 'skip' || !resolved) return {}
  const effect = adapter.checkEffect ?? 'read'
  if (effect !== 'read') {
    const run = `caravan test ${name} --max-effect ${effect}`
    say(
      `The test of ${adapter.title} has the effect "${effect}" and was not made. To make it: ${run}`,
    )
    return {}
  }
  try {
    const service = await serviceOf(app, name, adapter, resolved, settings)
    return { report: await (await app.calls()).check(service, app.signal, { isDraft: true }) }
  } catch (error) {
    if (app.signal.aborted) throw error
    if (wish === 'must-pass') throw notSaved(error)
    const failed = messageOf(error)
    say(`The connection test failed: ${failed}. Saved all the same.`)
    return { failed }
  }
}

/** The failure with what it means for the file. */
function notSaved(error: unknown): unknown {
  const withHint = (hint: string | undefined) =>
    [hint, 'To save it all the same, add --save-untested. Nothing was saved.']
      .filter(Boolean)
      .join('\n')
  if (error instanceof IntegrationError) return changed(error, { hint: withHint(error.hint) })
  if (!(error instanceof CaravanError)) return error
  const { code, message, see } = error
  return new CaravanError({ code, message, hint: withHint(error.hint), see, cause: error })
}
