import { input, password, select } from '@inquirer/prompts'
import type { FormField } from '../../app/forms.ts'

const onStderr = { output: process.stderr }

/** Asks a person for one field of a form, and asks again until the value is one the field takes. */
export async function askField(field: FormField): Promise<unknown> {
  const message = field.description ? `${field.name} (${field.description})` : field.name
  if (field.type === 'choice' && field.choices) {
    return select({ message, choices: [...field.choices] }, onStderr)
  }
  const validate = (value: string): string | true => field.validate(value) ?? true
  if (field.isSecret) return password({ message, mask: '*', validate }, onStderr)
  return input({ message, validate }, onStderr)
}
