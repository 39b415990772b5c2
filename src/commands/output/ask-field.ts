import { checkbox, confirm, input, password, select } from '@inquirer/prompts'
import type { FormField } from '../../app/forms.ts'

const onStderr = { output: process.stderr }

/** Asks a person for one field of a form, and asks again until the value is one the field takes. */
export async function askField(field: FormField): Promise<unknown> {
  const message = field.description ? `${field.name} (${field.description})` : field.name
  return askFor(field, message)
}

/**
 * The same for a field that has a value: it stands there to be changed. A secret is not shown, and nothing typed keeps
 * it; then the answer is undefined.
 */
export async function askAgain(field: FormField, present: string | null): Promise<unknown> {
  if (present === null) return askField(field)
  if (!field.isSecret) return askFor({ ...field, defaultText: present }, field.name)
  const typed = await askFor(
    { ...field, validate: (value) => (value === '' ? undefined : field.validate(value)) },
    `${field.name} (leave empty to keep ${present === '***' ? 'the present one' : present})`,
  )
  return typed === '' ? undefined : typed
}

async function askFor(field: FormField, message: string): Promise<unknown> {
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

/** Offers fields, with what each has or would have by itself; none need be chosen. */
export async function chooseFields<Field extends FormField>(
  fields: readonly Field[],
  message: string,
  presentOf: (field: Field) => string | null = () => null,
): Promise<Field[]> {
  if (fields.length === 0) return []
  const choices = fields.map((field) => {
    const present = presentOf(field)
    const byItself = field.defaultText && `(default ${field.defaultText})`
    return {
      value: field,
      name: [field.name, present ?? byItself].filter(Boolean).join('  '),
      short: field.name,
      description: field.description,
    }
  })
  return checkbox({ message, choices, pageSize: 12 }, onStderr)
}
