import { formatFaults } from '../../config/faults.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { resolvePlaceholders } from '../../config/placeholders.ts'
import { resolveService } from '../../config/resolve.ts'
import { CaravanError } from '../../core/errors.ts'
import type { Service } from '../../calls/call.ts'
import type { App } from '../app.ts'
import { adapterNamed } from '../catalogue.ts'
import { serviceEntry, sourcesOf } from '../service.ts'

/** The service, ready to be asked. Throws every fault of its entry at once, else what `app.service` throws. */
export async function readyService(app: App, loaded: LoadedConfig, name: string): Promise<Service> {
  refuseFaults(loaded, name)
  return app.service(name)
}

/**
 * The same as far as it goes without the state, which is not there on a fresh checkout: stored secrets are taken to be
 * there. Returns what was seen.
 */
export async function checkOffline(app: App, loaded: LoadedConfig, name: string): Promise<string> {
  refuseFaults(loaded, name)
  const entry = serviceEntry(loaded, name)
  const adapter = await adapterNamed(entry.adapter)
  let stored = 0
  const secret = async () => {
    stored += 1
    return 'a stored secret'
  }
  const sources = { ...(await sourcesOf(app)), secret }
  const { config, proxy } = entry
  const { faults } = await resolvePlaceholders({ config, ...(proxy && { proxy }) }, sources)
  // A stand-in may not be what a field takes, so values are judged only where all of them are real.
  if (faults.length > 0 || stored === 0) {
    await resolveService(loaded, name, adapter.config, sources, adapter)
  }
  const fields = Object.keys(config).length
  const seen = `${fields} ${fields === 1 ? 'field' : 'fields'}`
  return stored === 0 ? seen : `${seen}; stored secrets were not looked up (${stored})`
}

function refuseFaults(loaded: LoadedConfig, name: string): void {
  const faults = loaded.faults.filter(({ path }) => path[0] === 'services' && path[1] === name)
  if (faults.length === 0) return
  throw new CaravanError({
    code: faults.every(({ kind }) => kind === 'unset') ? 'placeholder_unset' : 'config_invalid',
    message: `the service ${name} cannot be used:\n${formatFaults(loaded.file, faults)}`,
  })
}
