/** What `add` and `edit` do with the values they are given: by flag, by file, or typed. */
import { readFile } from 'node:fs/promises'
import { didYouMean } from '../config/faults.ts'
import { hasPlaceholder } from '../config/placeholders.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import { readFault } from '../core/system-faults.ts'
import type { FormField } from './forms.ts'

/** Throws `usage` for a secret that stands in the words themselves: the process list shows it to everybody. */
export function refuseBareSecrets(
  fields: readonly FormField[],
  flags: Readonly<Record<string, unknown>>,
): void {
  const bare = fields.filter(({ name, isSecret }) => {
    const value = flags[name]
    return isSecret && value !== undefined && value !== '-' && !hasPlaceholder(value)
  })
  if (bare.length === 0) return
  const names = bare.map(({ name }) => `--${name.replaceAll('_', '-')}`)
  throw new CaravanError({
    code: 'usage',
    message: `a secret on the command line can be read by everybody on this machine: ${names.join(', ')}`,
    hint:
      'Leave the flag out to be asked, write "-" to pipe the value in, or use --answers or a ${placeholder}. ' +
      'What you typed may be in the history of your shell.',
  })
}

const fieldsHint = 'It holds field names and values, such as {"client_id": "…"}.'

/** A JSON object of field names and values, `-` from stdin. Throws `file_missing`, `file_unreadable` or `usage`. */
export async function readAnswersFile(
  path: string,
  readStdin: () => Promise<string>,
): Promise<Record<string, unknown>> {
  const isStdin = path === '-'
  const text = isStdin ? await readStdin() : await readText(path)
  const shown = isStdin ? 'stdin' : path
  const answers = parseJson(text.replace(/^\ufeff/, ''), shown)
  if (typeof answers === 'object' && answers !== null && !Array.isArray(answers)) {
    return answers as Record<string, unknown>
  }
  throw new CaravanError({
    code: 'usage',
    message: `${shown} is not one JSON object`,
    hint: fieldsHint,
  })
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw readFault(path, error)
  })

/** Throws `usage` with the place of the fault; what stands there is not repeated, for it may be a secret. */
export function parseJson(text: string, path: string, hint = fieldsHint): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const before = text.slice(0, faultOfJson(text)).split('\n')
    throw new CaravanError({
      code: 'usage',
      message: `${path}:${before.length}:${(before.at(-1) ?? '').length + 1} is no JSON from here on`,
      hint,
    })
  }
}

/**
 * Where a text stops being JSON. The parser does not always say, so the longest beginning is looked for behind which a
 * character that is wrong everywhere is the first fault.
 */
function faultOfJson(text: string): number {
  let good = 0
  let bad = text.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isGoodUpTo(text, middle)) good = middle
    else bad = middle
  }
  return good
}

function isGoodUpTo(text: string, end: number): boolean {
  try {
    JSON.parse(`${text.slice(0, end)}\0`)
  } catch (error) {
    const [, at] = / at position (\d+)/.exec(messageOf(error)) ?? []
    return at === undefined
      ? messageOf(error).startsWith("Unexpected token '\0'")
      : Number(at) === end
  }
  return false
}

/** What is wrong with values, one line for each: unknown fields, and values that their field does not take. */
export function faultsOfValues(
  fields: readonly FormField[],
  values: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined) return []
    const field = fields.find((each) => each.name === name)
    const fault = field
      ? field.validate(value)
      : `unknown field${didYouMean(
          name,
          fields.map((each) => each.name),
        )}`
    return fault ? [`  ${name}: ${fault}`] : []
  })
}

/** The values as the file gets them: text of a number becomes one where a number is wanted. */
export const readValues = (
  fields: readonly FormField[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  Object.fromEntries(
    fields
      .filter(({ name }) => values[name] !== undefined)
      .map((field) => [field.name, field.read(values[field.name])]),
  )
