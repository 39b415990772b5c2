import { createHmac } from 'node:crypto'
import { dirname } from 'node:path'
import type { Guards, Service } from '../calls/call.ts'
import { createRedactor, secretsIn } from '../calls/redact.ts'
import type { ConfigFault } from '../config/faults.ts'
import type { LoadedConfig } from '../config/load.ts'
import { resolveService, ServiceFaults } from '../config/resolve.ts'
import type { ServiceConfig } from '../config/schema.ts'
import type { Sources } from '../config/placeholders.ts'
import { fileSources } from '../config/sources.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { breakerPresets } from '../core/breaker-presets.ts'
import { createCredentialCache } from '../core/credentials.ts'
import { CaravanError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import type { App } from './app.ts'
import { adapterNamed, unknownService } from './catalogue.ts'

/** What holds where neither the file nor the adapter says anything. */
export const defaults = {
  attempts: 3,
  deadlineMs: 120_000,
  breaker: { failures: 5, openForMs: 60_000 },
}

/** Joins an adapter with its config from the file, placeholders resolved, and the guards both ask for. */
export async function makeService(app: App, name: string): Promise<Service> {
  const loaded = await app.usableConfig()
  const entry = serviceEntry(loaded, name)
  const { adapter, resolved } = await resolveEntry(loaded, name, entry, await sourcesOf(app))
  return serviceOf(app, name, adapter, resolved, entry)
}

async function resolveEntry(
  loaded: LoadedConfig,
  name: string,
  entry: ServiceConfig,
  sources: Sources,
) {
  const adapter = await adapterNamed(entry.adapter)
  return { adapter, resolved: await resolveService(loaded, name, adapter.config, sources, adapter) }
}

export type ServiceSettings = Pick<
  ServiceConfig,
  'timeout' | 'retry' | 'breaker' | 'rate_limit' | 'allow_redirects_to'
>

/** The same for a config that stands nowhere yet, as `add` tests it. */
export async function serviceOf(
  app: App,
  name: string,
  adapter: AnyAdapter,
  { config, proxy, secretValues }: { config: object; proxy?: string; secretValues: string[] },
  settings: ServiceSettings,
): Promise<Service> {
  const parts = adapter.http.secretParts?.(config) ?? []
  const secrets = [...secretValues, ...secretsIn(config), ...parts]
  return {
    name,
    adapter,
    config,
    configHash: await hashOf(app, config),
    guards: { ...guardsOf(adapter, settings), proxy },
    credentials: createCredentialCache(app.clock),
    redactor: createRedactor(secrets),
  }
}

export async function sourcesOf(app: App) {
  const { env } = app
  const secret = async (name: string) => (await app.secrets()).read(name)
  return fileSources({ env, configDir: dirname(app.file()), secret })
}

/** The entry of a service in the file; throws `service_unknown` with the nearest right name. */
export function serviceEntry(loaded: LoadedConfig, name: string): ServiceConfig {
  const entry = loaded.config.services[name]
  if (entry) return entry
  const fault = loaded.faults.find(({ path }) => path[0] === 'services' && path[1] === name)
  if (fault) {
    throw new CaravanError({
      code: 'config_invalid',
      message: `the config of ${name} has a fault in line ${fault.line}: ${fault.message}`,
      hint: fault.hint,
      see: 'caravan config check',
    })
  }
  throw unknownService(name, Object.keys(loaded.config.services))
}

export type Review = { faults: ConfigFault[]; remarks: ConfigFault[] }

/**
 * What shows only when placeholders are resolved, for every service that the file alone finds in order: faults, and what
 * is accepted and still looks like a slip. `of`: of these services alone.
 */
export async function reviewServices(
  loaded: LoadedConfig,
  sources: Sources,
  of?: readonly string[],
): Promise<Review> {
  const faults: ConfigFault[] = []
  const remarks: ConfigFault[] = []
  for (const [name, entry] of Object.entries(loaded.config.services)) {
    if (of && !of.includes(name)) continue
    try {
      const { resolved } = await resolveEntry(loaded, name, entry, sources)
      remarks.push(...resolved.remarks)
    } catch (error) {
      if (!(error instanceof ServiceFaults)) throw error
      faults.push(...error.faults)
    }
  }
  return { faults, remarks }
}

/** What guards the calls of a service: its own settings, else the adapter's, else ours. */
export function guardsOf(adapter: AnyAdapter, settings: ServiceSettings): Guards {
  const preset = adapter.breaker ?? breakerPresets[adapter.kind.id] ?? defaults.breaker
  const perSecond = settings.rate_limit?.per_second ?? adapter.limits.perSecond
  return {
    timeoutMs: settings.timeout ?? adapter.limits.timeoutMs,
    deadlineMs: settings.retry?.deadline ?? defaults.deadlineMs,
    attempts: settings.retry?.attempts ?? defaults.attempts,
    breaker: {
      failures: settings.breaker?.failures ?? preset.failures,
      openForMs: settings.breaker?.open_for ?? preset.openForMs,
    },
    perSecond: perSecond === 'none' ? undefined : perSecond,
    concurrent: settings.rate_limit?.concurrent ?? adapter.limits.concurrent,
    allowRedirectsTo: settings.allow_redirects_to,
  }
}

/**
 * Tells whether a config, secrets included, has changed. Keyed, so that the hash in the state helps nobody to guess a
 * password; without a key it covers the plain fields alone.
 */
async function hashOf(app: App, config: object): Promise<string> {
  // Where there is nothing to hide, nobody needs to be asked for a passphrase.
  const kek =
    secretsIn(config).length === 0
      ? undefined
      : await app
          .secrets()
          .then((store) => store.key())
          .catch(() => undefined)
  const text = JSON.stringify(config, function (this: Record<string, unknown>, name, value) {
    const given = this[name] // `value` is what `toJSON` made of it, which is the same for every secret
    return given instanceof Secret && kek ? given.reveal() : value
  })
  return createHmac('sha256', kek?.key ?? 'no key')
    .update(text)
    .digest('hex')
    .slice(0, 16)
}
