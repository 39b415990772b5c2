import { createHash } from 'node:crypto'
import { basename, dirname } from 'node:path'
import { CaravanError } from '../core/errors.ts'
import { counted } from '../core/words.ts'
import { checkAlerts, checkJobs, checkRoutes, checkServices } from './checks.ts'
import type { Catalogue } from './checks.ts'
import { readCore } from './core.ts'
import type { LoadSources } from './core.ts'
import { decodeConfig, parseConfig, placeOf } from './document.ts'
import type { Place } from './document.ts'
import { formatFaults, inFileOrder } from './faults.ts'
import type { AddFault, ConfigFault, Path } from './faults.ts'
import type { Config } from './schema.ts'
import { isGroup } from './tree.ts'

export type { Catalogue } from './checks.ts'
export type { LoadSources } from './core.ts'

export type LoadedConfig = {
  file: string
  /** As it stands in the file, with its byte order mark if it has one. */
  text: string
  /** Of the file's bytes; what `writeConfig` compares. */
  sha256: string
  /** The whole file as plain data, placeholders as written. What is broken is here and not in `config`. */
  raw: Record<string, unknown>
  /**
   * What can be used. `services.*.config` and `services.*.proxy` keep their placeholders; everywhere else they are
   * resolved. Entries with faults are left out.
   */
  config: Config
  faults: ConfigFault[]
  placeOf(path: Path, part: 'key' | 'value'): Place
}

/**
 * Reads the bytes of integrations.yaml, whatever is wrong inside: the usable part comes with the faults of the rest.
 * Throws `config_unreadable` only for what is not one YAML map.
 */
export async function readConfig(
  bytes: Uint8Array,
  file: string,
  catalogue: Catalogue,
  sources: LoadSources,
): Promise<LoadedConfig> {
  const text = decodeConfig(bytes, file)
  const parsed = parseConfig(text, file)
  const raw = parsed.tree
  if (!isGroup(raw)) {
    const message = `${file} holds no keys at its top`
    throw new CaravanError({
      code: 'config_unreadable',
      message,
      hint: 'It starts with "version: 1".',
    })
  }

  const faults: ConfigFault[] = []
  const add: AddFault = (path, message, { part = 'value', kind = 'invalid', hint } = {}) => {
    faults.push({ path, message, kind, hint, ...placeOf(parsed, path, part) })
  }
  const config = await readCore(raw, dirname(file), sources, add)
  await checkServices(raw, catalogue, add)
  checkRoutes(raw, catalogue, add)
  checkAlerts(raw, catalogue, add)
  await checkJobs(raw, config, catalogue, add)

  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const at = (path: Path, part: 'key' | 'value') => placeOf(parsed, path, part)
  return {
    file,
    text,
    sha256,
    raw,
    config: leaveOut(config, faults),
    faults: inFileOrder(faults),
    placeOf: at,
  }
}

/**
 * The same, strict: throws `config_invalid` with every fault at once. Unset placeholders of one service or job stay
 * in `faults`; they concern that one alone.
 */
export async function loadConfig(
  bytes: Uint8Array,
  file: string,
  catalogue: Catalogue,
  sources: LoadSources,
): Promise<LoadedConfig> {
  return requireValid(await readConfig(bytes, file, catalogue, sources))
}

/** Makes a lenient reading strict. */
export function requireValid(loaded: LoadedConfig): LoadedConfig {
  const { file } = loaded
  const grave = loaded.faults.filter((fault) => !isLocal(fault))
  if (!grave.length) return loaded
  const count = counted(loaded.faults.length, 'fault')
  throw new CaravanError({
    code: grave.every(({ kind }) => kind === 'unset') ? 'placeholder_unset' : 'config_invalid',
    message: `${file} has ${count}:\n${formatFaults(file, loaded.faults)}`,
    hint: `Correct ${basename(file)}, then run "caravan config check".`,
  })
}

/** Whether a fault leaves everything but its own service or job usable. */
export const isLocal = ({ kind, path }: ConfigFault): boolean =>
  kind === 'unset' && path.length > 2 && (path[0] === 'services' || path[0] === 'jobs')

const leaveOut = (config: Config, faults: readonly ConfigFault[]): Config => ({
  ...config,
  services: keepWhole(config.services, 'services', faults),
  jobs: keepWhole(config.jobs, 'jobs', faults),
})

function keepWhole<T>(
  entries: Record<string, T>,
  section: string,
  faults: readonly ConfigFault[],
): Record<string, T> {
  const broken = new Set(
    faults.filter(({ path }) => path[0] === section).map(({ path }) => path[1]),
  )
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !broken.has(name)))
}
