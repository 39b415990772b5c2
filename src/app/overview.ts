/**
 * What the config says about services and jobs, without their configs. It is kept in the user's cache folder beside the
 * hash of the file it was made from, so that `list` and shell completion need not load the YAML parser and every
 * adapter's schema: that is two thirds of their time. It holds no value of any service's config.
 */
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CaravanError } from '../core/errors.ts'
import { reasonOf } from '../core/system-faults.ts'
import { version } from '../version.ts'

export type ServiceOverview = {
  name: string
  adapter: string
  kind: string
  priority: number
  weight: number
  /** The wish of the file. */
  enabled: boolean
  /** Its config has a fault, so it cannot be used. */
  isFaulty: boolean
}

export type JobOverview = {
  schedule: string | null
  timezone: string
  enabled: boolean
  /** What the file says about it has a fault. */
  isFaulty: boolean
}

export type Overview = {
  /** As it stands in the file. */
  state: string
  services: ServiceOverview[]
  /** What the file says about jobs, by id. */
  jobs: Record<string, JobOverview>
  /** `retention.max_size`, in bytes. */
  maxSize: number
  /** Faults of the whole file. */
  faults: number
  /** What the history knows this content by, so that a command sees at once whether it is a new version. */
  versionHash: string
  /** It says the same wherever the file is read: nothing in it comes from the environment. */
  isConstant: boolean
}

/** Raised when `Overview` changes, so that what another build of the same version kept is not taken for ours. */
const layout = 5

type Kept = Overview & { layout: number; version: string; sha256: string }

type Environment = Readonly<Record<string, string | undefined>>

/** The overview of a config file, from the cache when the file is still the same. */
export async function readOverview(
  file: string,
  env: Environment,
  make: () => Promise<Overview>,
): Promise<Overview> {
  const sha256 = hash('sha256', readBytes(file))
  const cache = cachePath(file, env)
  const kept = cache ? readKept(cache) : undefined
  if (kept?.layout === layout && kept.version === version && kept.sha256 === sha256) return kept
  const overview = await make()
  if (cache && overview.isConstant) keep(cache, { ...overview, layout, version, sha256 })
  return overview
}

function cachePath(file: string, env: Environment): string | undefined {
  const folder = env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, '.cache'))
  if (!folder) return undefined
  return join(folder, 'caravan', `config-${hash('sha256', file).slice(0, 16)}.json`)
}

/** Anything that is not a whole overview is as good as none. */
function readKept(path: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Kept
  } catch {
    return undefined
  }
}

/**
 * A cache that cannot be written costs time, nothing else. Its folders are made one by one: where none can be made, as
 * below /proc, Node's own way of making all of them tries for ever.
 */
function keep(path: string, kept: Kept): void {
  try {
    const folder = dirname(path)
    if (!existsSync(folder)) {
      if (!existsSync(dirname(folder))) mkdirSync(dirname(folder), { mode: 0o700 })
      mkdirSync(folder, { mode: 0o700 })
    }
    const temporary = `${path}.${process.pid}`
    writeFileSync(temporary, JSON.stringify(kept), { mode: 0o600 })
    renameSync(temporary, path)
  } catch {
    return
  }
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CaravanError({
      code: 'config_unreadable',
      message: `${file} cannot be read: ${reasonOf(error)}`,
      cause: error,
    })
  }
}
