import { accessSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CaravanError, systemCode } from '../core/errors.ts'

export const configName = 'integrations.yaml'

export type FindOptions = {
  /** Value of --config. */
  flag?: string
  env: Record<string, string | undefined>
  cwd: string
}

/**
 * The absolute path of integrations.yaml. A place that was named (--config, CARAVAN_CONFIG) is the only one looked at:
 * falling back would silently run another configuration.
 */
export function findConfig(options: FindOptions): string {
  const places = configPlaces(options)
  const found = places.find(
    ({ path }) => existsSync(path) || (isNamed(options) && isOutOfReach(path)),
  )
  if (found) return found.path

  const looked = places.map(({ path, source }) => `  ${path}  (${source})`).join('\n')
  throw new CaravanError({
    code: 'config_missing',
    message: `there is no ${configName}. Looked at:\n${looked}`,
    hint: 'Run "caravan init" in the folder where it shall be, or name the file with --config.',
  })
}

export type Place = { path: string; source: string }

/** Where a config may lie, the strongest place first, whether the weaker ones would be looked at or not. */
export function everyPlace({ flag, env, cwd }: FindOptions): Place[] {
  const places: Place[] = []
  if (flag) places.push({ path: resolve(cwd, flag), source: '--config' })
  if (env.CARAVAN_CONFIG) {
    places.push({ path: resolve(cwd, env.CARAVAN_CONFIG), source: 'CARAVAN_CONFIG' })
  }
  places.push({ path: resolve(cwd, configName), source: 'this folder' })
  if (env.XDG_CONFIG_HOME) {
    const path = join(env.XDG_CONFIG_HOME, 'caravan', configName)
    places.push({ path, source: 'XDG_CONFIG_HOME' })
  } else if (env.HOME) {
    // The XDG specification's default: https://specifications.freedesktop.org/basedir-spec/latest/
    const path = join(env.HOME, '.config', 'caravan', configName)
    places.push({ path, source: 'home folder' })
  }
  places.push({ path: join('/etc/caravan', configName), source: 'whole machine' })
  return places
}

function configPlaces(options: FindOptions): Place[] {
  const places = everyPlace(options)
  return isNamed(options) ? places.slice(0, 1) : places
}

const isNamed = ({ flag, env }: FindOptions): boolean => Boolean(flag || env.CARAVAN_CONFIG)

/** In a folder that this user may not enter: whether it is there nobody can tell, and reading it says why. */
function isOutOfReach(path: string): boolean {
  try {
    accessSync(path)
    return false
  } catch (error) {
    return systemCode(error) === 'EACCES'
  }
}
