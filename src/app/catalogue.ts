import { z } from 'zod'
import { adapters } from '../adapters/index.ts'
import type { Catalogue } from '../config/checks.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import { CaravanError, type ErrorCode } from '../core/errors.ts'
import type { Kind } from '../core/kind.ts'
import { kinds } from '../core/kinds/index.ts'
import { propose, nearest } from '../core/nearest.ts'
import { type AnyJob, toldPerRun } from '../jobs/define.ts'
import { jobs } from '../jobs/index.ts'
import { rules } from './alerts/rules/index.ts'

/** What the config may name. */
export const catalogue: Catalogue = {
  adapterIds: adapters.map(({ id }) => id),
  jobIds: jobs.map(({ id }) => id),
  kindIds: [...new Set(adapters.map(({ kind }) => kind))],
  kindOf: (id) => adapters.find((one) => one.id === id)?.kind,
  ruleIds: rules.map(({ id }) => id),
  configSchemaOf: async (id) => (await adapters.find((one) => one.id === id)?.load())?.config,
  async optionsSchemaOf(id) {
    const job = await jobs.find((one) => one.id === id)?.load()
    return job && configSchemaOf(job)
  },
  async toldPerRun(id) {
    const job = await jobs.find((one) => one.id === id)?.load()
    return job ? toldPerRun(job) : []
  },
}

/** A consent in the config would hold for every run to come, so it is refused there, in words that say why. */
function configSchemaOf(job: AnyJob): z.ZodObject {
  const refusals = (job.onlyFlags ?? []).map((name) => {
    const flag = `--${name.replaceAll('_', '-')}`
    return [name, z.never(`holds for one run only; give ${flag} on the command line`).optional()]
  })
  return job.options.extend(Object.fromEntries(refusals))
}

/** Throws `adapter_unknown` with the nearest right word. */
export const adapterNamed = (id: string): Promise<AnyAdapter> =>
  named(adapters, id, 'adapter', 'adapter_unknown', 'caravan adapters').load()

/** Throws `job_unknown` with the nearest right word. */
export const jobNamed = (id: string): Promise<AnyJob> =>
  named(jobs, id, 'job', 'job_unknown', 'caravan jobs').load()

/** Throws `usage` with the nearest right word when no kind of service has an operation of this name. */
export function requireOperation(name: string): void {
  const known = new Set(
    Object.values<Kind>(kinds).flatMap((kind) =>
      ['check', ...Object.keys(kind.operations)].map((each) => `${kind.id}.${each}`),
    ),
  )
  const short = [...known].map((each) => each.replace(/^.*\./, ''))
  if (known.has(name) || short.includes(name)) return
  throw new CaravanError({
    code: 'usage',
    message: `there is no operation named ${name}`,
    hint: propose(nearest(name, [...known, ...short]), `There are: ${[...known].join(', ')}.`),
  })
}

function named<T extends { id: string }>(
  list: readonly T[],
  id: string,
  what: string,
  code: ErrorCode,
  command: string,
): T {
  const found = list.find((one) => one.id === id)
  if (found) return found
  throw unknownName(
    what,
    id,
    list.map((one) => one.id),
    code,
    command,
  )
}

/** An error for a name that nothing has, with the nearest one that something has. */
export function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  code: ErrorCode,
  command: string,
): CaravanError {
  return new CaravanError({
    code,
    message: `there is no ${what} named ${name}`,
    hint: propose(nearest(name, known), `"${command}" lists them.`),
  })
}

/** The same for a service of the file. */
export const unknownService = (name: string, known: readonly string[]): CaravanError =>
  unknownName('service', name, known, 'service_unknown', 'caravan list')
