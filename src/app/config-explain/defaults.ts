import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyAdapter } from '../../core/adapter.ts'
import { credentialName, keyFileName } from '../../config/secrets/find-key.ts'
import type { KeySource } from '../answers/config.ts'
import { defaults } from '../service.ts'
import type { Leaf } from './keys.ts'
import { durationText } from '../../core/words.ts'
import { defaultOf, defaultText, shown } from './show-value.ts'

type Environment = Readonly<Record<string, string | undefined>>

const source = (layer: KeySource['layer'], detail: string, value: unknown): KeySource => ({
  layer,
  detail,
  value,
  line: null,
  column: null,
})

/** What is stronger than the file: the environment, for where the key of the secrets lies. */
export function aboveFile({ path }: Leaf, env: Environment): KeySource[] {
  if (path.join('.') !== 'key_file') return []
  const credential = env.CREDENTIALS_DIRECTORY && join(env.CREDENTIALS_DIRECTORY, credentialName)
  return [
    ...(env.CARAVAN_KEY
      ? [source('environment', 'variable CARAVAN_KEY: the key itself', '***')]
      : []),
    ...(env.CARAVAN_KEY_FILE
      ? [source('environment', 'variable CARAVAN_KEY_FILE', env.CARAVAN_KEY_FILE)]
      : []),
    // systemd sets the folder for any credential: only one that is there comes before the file.
    ...(credential && existsSync(credential)
      ? [source('systemd credential', credentialName, credential)]
      : []),
  ]
}

/** What holds when the file says nothing: the adapter's own limits, defaults of schemas, caravan's own. */
export function belowFile(leaf: Leaf, env: Environment): KeySource[] {
  const { path, field, schema, owner, adapter } = leaf
  const found: KeySource[] = []
  const isService = path[0] === 'services' && path[2] !== 'config'
  const setting = path.slice(2).join('.')
  if (isService && adapter) {
    const limit = presetsOf(adapter)[setting]
    if (limit !== undefined)
      found.push(source('adapter', `limit of the adapter ${adapter.id}`, limit))
  }
  const preset = defaultOf(schema)
  if (preset !== undefined) {
    const value = shown(defaultText(schema, preset), field?.isSecret ?? false)
    const whose = {
      caravan: 'caravan',
      adapter: `the adapter ${adapter?.id ?? ''}`,
      job: `the job ${path[1] ?? ''}`,
    }[owner]
    found.push(source(owner, `default of ${whose}`, value))
  }
  const own = isService ? ownDefaults[setting] : undefined
  if (own !== undefined) found.push(source('caravan', 'default of caravan', own))
  if (isService && setting === 'proxy') found.push(...proxies(env))
  if (path.join('.') === 'key_file')
    found.push(source('caravan', 'beside the config', `./${keyFileName}`))
  return found
}

const presetsOf = ({ limits, breaker }: AnyAdapter): Record<string, unknown> => ({
  timeout: durationText(limits.timeoutMs),
  'rate_limit.per_second': limits.perSecond,
  'rate_limit.concurrent': limits.concurrent,
  'breaker.failures': breaker?.failures,
  'breaker.open_for': breaker && durationText(breaker.openForMs),
})

const ownDefaults: Record<string, unknown> = {
  'retry.attempts': defaults.attempts,
  'retry.deadline': durationText(defaults.deadlineMs),
  'breaker.failures': defaults.breaker.failures,
  'breaker.open_for': durationText(defaults.breaker.openForMs),
}

/**
 * As the requests read them: an empty one means none. `NO_PROXY` may exempt a host. Without TLS there is loopback alone,
 * which never goes through a proxy.
 */
const proxies = (env: Environment): KeySource[] =>
  env.HTTPS_PROXY === ''
    ? []
    : ['HTTPS_PROXY', 'https_proxy'].flatMap((name) =>
        env[name]
          ? [source('environment', `variable ${name}, less NO_PROXY`, shown(env[name], false))]
          : [],
      )
