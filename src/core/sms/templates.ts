/** Templates of messages: our name for one, and what a gateway calls it. */
import { z } from 'zod'
import { IntegrationError } from '../errors.ts'
import { bareText } from '../secret-form.ts'

const Name = bareText().min(1).max(200)

/** For gateways that hold the texts themselves: the vendor's id of each, and our names of its values in its order. */
export const Templates = z
  .record(
    Name,
    z.strictObject({
      id: bareText().min(1).max(100),
      params: z.array(Name).default([]),
    }),
  )
  .default({})
  .meta({
    description:
      'Our names of templates: the vendor’s id, and the names of its values in its order',
    example: { order_shipped: { id: '1110', params: ['code', 'minutes'] } },
  })
export type Templates = z.output<typeof Templates>

/** For gateways that take free text: each text, with holes such as `{code}`. */
export const TextTemplates = z
  .record(Name, z.string().min(1).max(2000))
  .default({})
  .meta({
    description: 'Texts by name, with holes such as {code} for the values',
    example: { order_shipped: 'Your order {number} is on its way' },
  })
export type TextTemplates = z.output<typeof TextTemplates>

export type Params = Record<string, string> | string[] | undefined

/** The vendor's id of a template and its values in the vendor's order, with our names where the config knows them. */
export type FilledTemplate = { id: string; params: { name?: string; value: string }[] }

/**
 * Puts values into the order of the config, never into that in which they were given. What the config does not name is
 * taken for the vendor's own id when it looks like one: `isVendorId`. Values of it are given in its order; `named` lets
 * them go by name too, for a vendor that takes them so. Throws `rejected` for values that are missing or superfluous,
 * and `config` for a template that only another service can know.
 */
export function orderedParams(
  templates: Templates,
  { template, params }: { template: string; params?: Params },
  { isVendorId, named = false }: { isVendorId: RegExp; named?: boolean },
): FilledTemplate {
  const known = Object.hasOwn(templates, template) ? templates[template] : undefined
  if (!known) {
    if (!isVendorId.test(template)) throw unknownTemplate(template)
    if (params === undefined) return { id: template, params: [] }
    if (Array.isArray(params) === named) throw orderUnknown(template)
    return { id: template, params: listed(params) }
  }
  return { id: known.id, params: inOrder(template, known.params, params) }
}

/** A text with its holes filled. Throws as `orderedParams` does. */
export function fillText(
  templates: TextTemplates,
  { template, params }: { template: string; params?: Params },
): string {
  const text = Object.hasOwn(templates, template) ? templates[template] : undefined
  if (text === undefined) throw unknownTemplate(template)
  const names = [...new Set([...text.matchAll(hole)].map(([, name = '']) => name))]
  const values = new Map(inOrder(template, names, params).map(({ name, value }) => [name, value]))
  return text.replace(hole, (_, name: string) => values.get(name) ?? '')
}

const hole = /\{([^{}\s]+)\}/g

function inOrder(
  template: string,
  names: readonly string[],
  params: Params = {},
): { name: string; value: string }[] {
  if (Array.isArray(params)) {
    if (params.length === names.length) {
      return names.map((name, at) => ({ name, value: params[at] ?? '' }))
    }
    throw unfit(template, `takes ${names.length} values, and ${params.length} were given`)
  }
  const missing = names.filter((name) => !Object.hasOwn(params, name))
  const superfluous = Object.keys(params).filter((name) => !names.includes(name))
  const faults = [
    missing.length > 0 && `lacks ${missing.join(', ')}`,
    superfluous.length > 0 && `does not take ${superfluous.join(', ')}`,
  ].filter((fault) => fault !== false)
  if (faults.length > 0) throw unfit(template, faults.join(' and '))
  return names.map((name) => ({ name, value: params[name] ?? '' }))
}

const listed = (params: NonNullable<Params>): FilledTemplate['params'] =>
  Array.isArray(params)
    ? params.map((value) => ({ value }))
    : Object.entries(params).map(([name, value]) => ({ name, value }))

const unfit = (template: string, what: string): IntegrationError =>
  new IntegrationError({
    kind: 'rejected',
    outcome: 'not_done',
    code: 'template_params',
    message: `the template ${template} ${what}`,
    hint: 'Compare the values with "templates" in the config of the service.',
  })

const unknownTemplate = (template: string): IntegrationError =>
  new IntegrationError({
    kind: 'config',
    outcome: 'not_done',
    code: 'template_unknown',
    message: `the config has no template named ${template}`,
    hint: 'Add it under "templates" in the config of the service.',
  })

const orderUnknown = (template: string): IntegrationError =>
  new IntegrationError({
    kind: 'config',
    outcome: 'not_done',
    code: 'template_unknown',
    message: `nothing says in which order or by which names ${template} takes its values`,
    hint: 'Add it under "templates" in the config of the service, with its params.',
  })
