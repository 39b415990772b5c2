/** Forms made from schemas: what prompts and flags ask for. */
import type { z } from 'zod'
import { fieldsOf, validateField, valueText } from '../config/form.ts'
import { ServiceConfig } from '../config/schema.ts'
import { adapterNamed, jobNamed } from './catalogue.ts'

export type FormField = {
  name: string
  type: 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'group'
  choices?: readonly string[]
  isRequired: boolean
  isSecret: boolean
  description?: string
  example?: string
  defaultText?: string
  /** What is wrong with a value; undefined: nothing. Never repeats the value. */
  validate(value: unknown): string | undefined
  /** What was typed or flagged, as the value that the file gets: the text `5` becomes a number where one is wanted. */
  read(value: unknown): unknown
}

/** The config fields of an adapter. Throws `adapter_unknown`. */
export const formOfAdapter = async (id: string): Promise<FormField[]> =>
  formOf((await adapterNamed(id)).config)

/** The options of a job. Throws `job_unknown`. */
export const formOfJob = async (id: string): Promise<FormField[]> =>
  formOf((await jobNamed(id)).options)

/** The switches of an adapter's twin. Throws `adapter_unknown`. */
export const formOfTwin = async (id: string): Promise<FormField[]> =>
  formOf((await adapterNamed(id)).twin.options)

/** What a service may say beside its adapter's config and a person changes now and then. */
export const formOfSettings = (): FormField[] =>
  formOf(ServiceConfig.pick({ timeout: true, priority: true, weight: true }))

const formOf = (schema: z.ZodObject): FormField[] =>
  fieldsOf(schema).map((field) => ({
    name: field.name,
    type: field.type === 'yaml' ? (field.isGroup ? 'group' : 'list') : field.type,
    choices: field.choices?.map(String),
    isRequired: field.required,
    isSecret: field.isSecret,
    description: field.description ?? (field.rule && `must be ${field.rule}`),
    example: valueText(field.example),
    defaultText: field.default === false ? undefined : valueText(field.default),
    validate(value) {
      const result = validateField(schema, field.name, value)
      return result.ok ? undefined : result.error
    },
    read(value) {
      const result = validateField(schema, field.name, value)
      return result.ok ? result.value : value
    },
  }))
