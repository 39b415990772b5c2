import { checkbox, confirm, input, password, select } from '@inquirer/prompts'
import type { FormField } from '../../app/forms.ts'

const onStderr = { output: process.stderr }

/** Asks a person for one field of a form, and asks again until the value is one the field takes. */
export async function askField(field: FormField): Promise<unknown> {
  const message = field.description ? `${field.name} (${field.description})` : field.name
  if (field.type === 'choice' && field.choices) {
    const choices = [...field.choices]
    return select({ message, choices, default: field.defaultText }, onStderr)
  }
  if (field.type === 'boolean') {
    return confirm({ message, default: field.defaultText === 'true' }, onStderr)
  }
  const validate = (value: string): string | true => field.validate(value) ?? true
  if (field.isSecret) return password({ message, mask: '*', toggleMask: false, validate }, onStderr)
  return input({ message, validate, default: field.defaultText }, onStderr)
}

/** Offers the fields that need no value; most people want none of them. */
export async function chooseFields(fields: readonly FormField[]): Promise<FormField[]> {
  if (fields.length === 0) return []
  const choices = fields.map((field) => ({
    value: field,
    name: [field.name, field.defaultText && `(default ${field.defaultText})`]
      .filter(Boolean)
      .join(' '),
    short: field.name,
    description: field.description,
  }))
  const message = 'Other fields to fill in, if any'
  return checkbox({ message, choices, pageSize: 12 }, onStderr)
}
