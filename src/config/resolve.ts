import type { z } from 'zod'
import { CaravanError, type CaravanErrorOptions } from '../core/errors.ts'
import { formatFaults } from './faults.ts'
import type { ConfigFault, Path } from './faults.ts'
import type { LoadedConfig } from './load.ts'
import { resolvePlaceholders } from './placeholders.ts'
import type { Sources } from './placeholders.ts'
import { readScalars } from './scalars.ts'

type Rule<Schema extends z.ZodObject> = (
  config: z.output<Schema>,
) => { field: string; message: string }[]

/** What an adapter says about a config beside its schema. */
export type ConfigRules<Schema extends z.ZodObject> = {
  checkConfig?: Rule<Schema>
  warnConfig?: Rule<Schema>
}

export type ResolvedService<Schema extends z.ZodObject> = {
  config: z.output<Schema>
  proxy?: string
  /** What came from the secret store, files and credentials, for redaction by value. */
  secretValues: string[]
  /** What is accepted and still looks like a slip. */
  remarks: ConfigFault[]
}

/** What keeps a service from being used, each with its own place in the file. */
export class ServiceFaults extends CaravanError {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[], options: CaravanErrorOptions) {
    super(options)
    this.faults = faults
  }
}

/**
 * The config of one service with every placeholder replaced, parsed by its adapter's schema. Throws `placeholder_unset`
 * or `config_invalid`, naming the service, the field and the line. The service may be one that `config` left out.
 */
export async function resolveService<Schema extends z.ZodObject>(
  loaded: Pick<LoadedConfig, 'file' | 'raw' | 'placeOf'>,
  name: string,
  schema: Schema,
  sources: Sources,
  { checkConfig, warnConfig }: ConfigRules<Schema> = {},
): Promise<ResolvedService<Schema>> {
  const { services } = loaded.raw as {
    services?: Record<string, { config?: unknown; proxy?: string }> | null
  }
  const service = services && Object.hasOwn(services, name) ? services[name] : undefined
  if (!service) {
    throw new CaravanError({
      code: 'service_unknown',
      message: `there is no service named ${name}`,
    })
  }
  const base = ['services', name]
  const at = (
    path: Path,
    message: string,
    kind: ConfigFault['kind'],
    hint?: string,
  ): ConfigFault => {
    const full = [...base, ...path]
    return { path: full, message, kind, hint, ...loaded.placeOf(full, 'value') }
  }

  const wanted = {
    config: service.config ?? {},
    ...(service.proxy === undefined ? {} : { proxy: service.proxy }),
  }
  const { value, whole, secretValues, faults } = await resolvePlaceholders(wanted, sources)
  if (faults.length) {
    throw faultError(
      loaded.file,
      name,
      faults.map((each) => at(each.path, each.message, each.kind, each.hint)),
    )
  }

  const { config, proxy } = value as { config: unknown; proxy?: string }
  const inConfig = whole.filter(([first]) => first === 'config').map((path) => path.slice(1))
  const { output, issues } = readScalars(schema.strict(), config, inConfig)
  const wrong = issues.map(({ path, message }) => at(['config', ...path], message, 'invalid'))
  if (proxy !== undefined && !URL.canParse(proxy))
    wrong.push(at(['proxy'], 'must be a URL', 'invalid'))
  if (output !== undefined && checkConfig) {
    const joined = checkConfig(output as z.output<Schema>)
    wrong.push(...joined.map(({ field, message }) => at(['config', field], message, 'invalid')))
  }
  if (wrong.length || output === undefined) throw faultError(loaded.file, name, wrong)
  const read = output as z.output<Schema>
  const remarks = (warnConfig?.(read) ?? []).map(({ field, message }) =>
    at(['config', field], message, 'invalid'),
  )
  return { config: read, proxy, secretValues, remarks }
}

function faultError(file: string, name: string, faults: ConfigFault[]): ServiceFaults {
  const isUnset = faults.every(({ kind }) => kind === 'unset')
  return new ServiceFaults(faults, {
    code: isUnset ? 'placeholder_unset' : 'config_invalid',
    message: `the service ${name} cannot be used:\n${formatFaults(file, faults)}`,
    hint: isUnset ? undefined : 'Correct the file, then run "caravan config check".',
  })
}
