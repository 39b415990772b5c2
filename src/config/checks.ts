import type { z } from 'zod'
import { didYouMean } from './faults.ts'
import type { AddFault, Path } from './faults.ts'
import { checkAgainst, valueAt } from './issues.ts'
import { hasPlaceholder, isWholePlaceholder } from './placeholders.ts'
import { readScalars } from './scalars.ts'
import type { Config } from './schema.ts'
import { eachChild, isGroup } from './tree.ts'

/** What the file may name: adapters with their config schemas and jobs with their options. */
export type Catalogue = {
  adapterIds: readonly string[]
  jobIds: readonly string[]
  /** Of services, which the routes are named by; left out: any name is taken. */
  kindIds?: readonly string[]
  /** Of the service that an adapter makes; undefined: there is no such adapter. Left out: any service carries alerts. */
  kindOf?(adapterId: string): string | undefined
  /** Of what raises alerts; left out: any name is taken. */
  ruleIds?: readonly string[]
  configSchemaOf(adapterId: string): Promise<z.ZodObject | undefined>
  /** Undefined: the job takes no options. */
  optionsSchemaOf(jobId: string): Promise<z.ZodObject | undefined>
  /** Options that no config can fill, so that no schedule can run the job; left out: none of any job. */
  toldPerRun?(jobId: string): Promise<string[]>
}

/** Checks every service's config against its adapter, as far as that goes before placeholders have values. */
export async function checkServices(
  raw: Record<string, unknown>,
  catalogue: Catalogue,
  add: AddFault,
): Promise<void> {
  if (!isGroup(raw.services)) return
  for (const [name, service] of Object.entries(raw.services)) {
    if (!isGroup(service) || typeof service.adapter !== 'string') continue
    if (hasPlaceholder(service.adapter)) continue
    const schema = await catalogue.configSchemaOf(service.adapter)
    if (!schema) {
      const near = didYouMean(service.adapter, catalogue.adapterIds)
      const hint = 'The adapters are listed by "caravan adapters".'
      add(['services', name, 'adapter'], `unknown adapter${near}`, {
        hint: near ? undefined : hint,
      })
      continue
    }
    checkOpen(schema, service.config ?? {}, ['services', name, 'config'], add)
  }
}

/** A route is that of a kind: under another name it would never be looked at. */
export function checkRoutes(
  raw: Record<string, unknown>,
  { kindIds }: Catalogue,
  add: AddFault,
): void {
  if (!isGroup(raw.routes) || !kindIds) return
  for (const name of Object.keys(raw.routes)) {
    if (kindIds.includes(name)) continue
    const near = didYouMean(name, kindIds)
    const hint = near ? undefined : `A route is named by its kind: ${kindIds.join(', ')}.`
    add(['routes', name], `unknown kind${near}`, { part: 'key', hint })
  }
}

/** A channel that is none, or a rule that is none, would keep people from being told without a word. */
export function checkAlerts(
  raw: Record<string, unknown>,
  { kindOf, ruleIds }: Catalogue,
  add: AddFault,
): void {
  if (!isGroup(raw.alerts)) return
  const services = isGroup(raw.services) ? raw.services : {}
  const carriers = Object.keys(services).filter((name) => kindAt(services[name], kindOf) === alerts)
  for (const [at, name] of textsIn(raw.alerts.channels)) {
    const kind = Object.hasOwn(services, name) ? kindAt(services[name], kindOf) : 'none'
    if (!kindOf || kind === alerts || kind === undefined) continue
    const near = didYouMean(name, carriers)
    const what = kind === 'none' ? `unknown service ${name}` : `${name} is of kind ${kind}`
    const others = carriers.length > 0 ? `Of kind alert: ${carriers.join(', ')}.` : noCarrier
    const hint = near ? undefined : others
    add(['alerts', 'channels', at], `${what}, and a channel is of kind alert${near}`, { hint })
  }
  for (const [at, rule] of textsIn(raw.alerts.off)) {
    if (!ruleIds || ruleIds.includes(rule)) continue
    const near = didYouMean(rule, ruleIds)
    const hint = near ? undefined : 'The rules are listed by "caravan alerts rules".'
    add(['alerts', 'off', at], `unknown rule ${rule}${near}`, { hint })
  }
}

const alerts = 'alert'
const noCarrier = 'There is none yet: "caravan adapters" lists who offers alert.'

/** Undefined where another check has more to say of it. */
function kindAt(service: unknown, kindOf: Catalogue['kindOf']): string | undefined {
  if (!isGroup(service) || typeof service.adapter !== 'string') return undefined
  return hasPlaceholder(service.adapter) ? undefined : kindOf?.(service.adapter)
}

/** Of a list, the texts that say what they are, with their places. */
const textsIn = (list: unknown): [number, string][] =>
  Array.isArray(list)
    ? list.flatMap((each, at): [number, string][] =>
        typeof each === 'string' && !hasPlaceholder(each) ? [[at, each]] : [],
      )
    : []

/** Checks every job's options; those of `config` get the numbers that placeholders stood for. */
export async function checkJobs(
  raw: Record<string, unknown>,
  config: Config,
  catalogue: Catalogue,
  add: AddFault,
): Promise<void> {
  if (!isGroup(raw.jobs)) return
  for (const [id, job] of Object.entries(raw.jobs)) {
    if (!catalogue.jobIds.includes(id)) {
      add(['jobs', id], `unknown job${didYouMean(id, catalogue.jobIds)}`, { part: 'key' })
      continue
    }
    if (!isGroup(job)) continue
    const told = job.schedule === undefined ? [] : ((await catalogue.toldPerRun?.(id)) ?? [])
    if (told.length > 0) {
      add(
        ['jobs', id, 'schedule'],
        `${id} cannot be scheduled: each run is told its ${told.join(', ')}`,
        {
          part: 'key',
          hint: 'Leave "schedule" out; cron or a timer of the system can run the command.',
        },
      )
    }
    const path = ['jobs', id, 'with']
    const schema = await catalogue.optionsSchemaOf(id)
    const read = config.jobs[id]
    if (!schema) {
      if (isGroup(job.with) && Object.keys(job.with).length)
        add(path, 'this job takes no options', { part: 'key' })
    } else if (read) {
      const { value, issues } = readScalars(schema.strict(), read.with, placeholdersIn(job.with))
      for (const issue of issues) add([...path, ...issue.path], issue.message, { part: issue.part })
      if (isGroup(value)) read.with = value
    } else checkOpen(schema, job.with ?? {}, path, add)
  }
}

/** Checks what can be checked before placeholders have their values. */
function checkOpen(schema: z.ZodObject, value: unknown, path: Path, add: AddFault): void {
  const result = checkAgainst(schema.strict(), value)
  if (result.ok) return
  for (const { path: inner, message, part, issue } of result.issues) {
    const written = valueAt(value, inner)
    if (hasPlaceholder(written) && !isHopeless(issue, written)) continue
    add([...path, ...inner], message, { part })
  }
}

/** Text will not become a list or a group; and only a placeholder that stands alone becomes a number. */
function isHopeless(issue: z.core.$ZodIssue, written: string): boolean {
  if (issue.code !== 'invalid_type') return false
  if (['object', 'record', 'array', 'map'].includes(issue.expected)) return true
  return ['number', 'int', 'boolean'].includes(issue.expected) && !isWholePlaceholder(written)
}

function placeholdersIn(node: unknown, path: Path = []): Path[] {
  if (isWholePlaceholder(node)) return [path]
  const found: Path[] = []
  eachChild(node, path, (child, at) => found.push(...placeholdersIn(child, at)))
  return found
}
