import { formatFaults, pathText } from '../../config/faults.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { parsePlaceholders, resolvePlaceholders } from '../../config/placeholders.ts'
import { fileSources } from '../../config/sources.ts'
import { valueAt } from '../../config/issues.ts'
import { dirname } from 'node:path'
import { CaravanError } from '../../core/errors.ts'
import { listSecrets } from '../../store/secrets.ts'
import { counted } from '../../core/words.ts'
import { type Check, type Finding, findingOf } from './check.ts'
import { secretsOf } from './key.ts'
import type { Patient } from './patient.ts'

const id = 'config'

export const config: Check = {
  id,
  title: 'Config file',
  async run(patient) {
    let loaded: LoadedConfig
    try {
      loaded = await patient.app.usableConfig()
    } catch (error) {
      const hasHint = error instanceof CaravanError && error.hint !== undefined
      return [findingOf(id, error, hasHint ? undefined : 'caravan config check')]
    }
    return [
      ...faultsOf(loaded),
      ...(await unsetIn(loaded, patient)),
      ...(await reviewOf(loaded, patient)),
    ]
  },
}

function faultsOf(loaded: LoadedConfig): Finding[] {
  const { file, faults } = loaded
  const [first] = faults.filter(({ kind }) => kind === 'invalid')
  const outer = faults.filter(({ kind }) => kind === 'unset')
  const findings = outer.map((fault): Finding => {
    return {
      check: id,
      severity: 'problem',
      what: `${fault.path.join('.')}: ${fault.message}`,
      mend: fault.hint ?? 'caravan config check',
    }
  })
  if (!first) return findings
  const count = faults.length - outer.length
  return [
    {
      check: id,
      severity: 'problem',
      what: `${file} has ${counted(count, 'fault')}`,
      why: `${count > 1 ? 'the first: ' : ''}${formatFaults(file, [first]).split('\n')[0]}`,
      mend: 'caravan config check',
    },
    ...findings,
  ]
}

/** What shows once placeholders are resolved. Those without a value are told by `unsetIn`. */
async function reviewOf(loaded: LoadedConfig, patient: Patient): Promise<Finding[]> {
  const opened = await secretsOf(patient).catch(() => undefined)
  const sources = fileSources({
    env: patient.app.env,
    configDir: dirname(loaded.file),
    secret: async (name) => {
      try {
        return opened?.read(name)
      } catch {
        return undefined
      }
    },
  })
  const { reviewServices } = await import('../service.ts')
  const { faults, remarks } = await reviewServices(loaded, sources)
  const invalid = faults.filter(({ kind }) => kind === 'invalid')
  return [
    ...invalid.map(({ path, message, hint }): Finding => {
      const [, name] = path.map(String)
      const secret = secretNamedIn(valueAt(loaded.raw, path))
      return {
        check: id,
        severity: loaded.config.services[name ?? '']?.enabled ? 'problem' : 'note',
        what: `the service ${name} cannot be used: ${pathText(path)} ${message}`,
        mend: secret ? `caravan secret set ${secret}` : (hint ?? `caravan edit ${name}`),
      }
    }),
    ...remarks.map(({ path, message }): Finding => ({
      check: id,
      severity: 'note',
      what: `${pathText(path)}: ${message}`,
      mend: `caravan edit ${String(path[1])}`,
    })),
  ]
}

/** Placeholders of services are looked up only when the service is used; here before somebody waits for it. */
async function unsetIn(loaded: LoadedConfig, patient: Patient): Promise<Finding[]> {
  const stored = await namesOfSecrets(patient)
  const sources = fileSources({
    env: patient.app.env,
    configDir: dirname(loaded.file),
    // Whether it can be opened is the business of another check.
    secret: (name) => Promise.resolve(!stored || stored.has(name) ? 'stored' : undefined),
  })
  const findings: Finding[] = []
  for (const [name, { config: fields, proxy, enabled }] of Object.entries(loaded.config.services)) {
    const wanted = { config: fields, ...(proxy !== undefined && { proxy }) }
    const { faults } = await resolvePlaceholders(wanted, sources)
    for (const { path, message, hint } of faults) {
      const secret = secretNamedIn(valueAt(wanted, path), (one) => !stored?.has(one))
      findings.push({
        check: id,
        severity: enabled ? 'problem' : 'note',
        what: `the service ${name} cannot be used: ${message}`,
        why: `services.${name}.${path.join('.')} needs it`,
        mend: secret ? `caravan secret set ${secret}` : (hint ?? 'caravan config check'),
      })
    }
  }
  return findings
}

/** Undefined when the state cannot tell. */
async function namesOfSecrets(patient: Patient): Promise<Set<string> | undefined> {
  try {
    const { db } = await patient.state()
    return new Set((await listSecrets(db)).map(({ name }) => name))
  } catch {
    return undefined
  }
}

/** The first secret of a text, of those that are `wanted`. */
function secretNamedIn(
  text: unknown,
  wanted: (name: string) => boolean = () => true,
): string | undefined {
  const parts = typeof text === 'string' ? parsePlaceholders(text) : []
  if (typeof parts === 'string') return undefined
  return parts.flatMap((part) => (part.type === 'secret' && wanted(part.name) ? part.name : []))[0]
}
