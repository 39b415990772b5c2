/** Takes what stands in clear out of a config, so that it can be handed on: values become secrets of their own. */
import { setIn } from '../../config/edit.ts'
import { type Path, pathText } from '../../config/faults.ts'
import { valueAt } from '../../config/issues.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { maskConfig } from '../../config/mask.ts'
import { parsePlaceholders } from '../../config/placeholders.ts'
import { CaravanError } from '../../core/errors.ts'
import { catalogue } from '../catalogue.ts'
import { freeSecretName } from '../save-service.ts'
import { placesOfSecrets } from '../secret-users.ts'

export type Lifted = {
  /** The file with `${secret:…}` where the values stood; comments that seemed to hold a secret are masked. */
  text: string
  moved: { path: string; secret: string; value: string }[]
  maskedComments: number
}

/**
 * `readSecret`: a stored secret. Throws `config_invalid` for a value in clear that cannot become a secret: outside of a
 * service, or with a placeholder in it that only this machine can fill.
 */
export async function liftSecrets(
  { text, file, raw }: Pick<LoadedConfig, 'text' | 'file' | 'raw'>,
  readSecret: (name: string) => Promise<string | undefined>,
): Promise<Lifted> {
  const { paths } = await maskConfig(text, file, catalogue)
  const taken = new Set(placesOfSecrets(raw).keys())
  const moved: Lifted['moved'] = []
  const problems: string[] = []
  let lifted = text
  for (const path of paths) {
    const value = isLiftable(path)
      ? await wholeValue(String(valueAt(raw, path)), readSecret)
      : undefined
    if (value === undefined) {
      problems.push(`  ${pathText(path)}`)
      continue
    }
    const secret = freeSecretName(secretNameOf(path), (name) => taken.has(name))
    taken.add(secret)
    lifted = setIn(lifted, path, `\${secret:${secret}}`)
    moved.push({ path: pathText(path), secret, value })
  }
  if (problems.length > 0) throw cannotLift(problems)
  const masked = await maskConfig(lifted, file, catalogue)
  return { text: masked.text, moved, maskedComments: differingLines(lifted, masked.text) }
}

/** Stored secrets may stand in the config and the proxy of a service alone. */
const isLiftable = ([section, , part]: Path): boolean =>
  section === 'services' && (part === 'config' || part === 'proxy')

/** `haier.password`, as `add` would have named it. */
const secretNameOf = ([, service, part, ...rest]: Path): string =>
  [service, ...(rest.length > 0 ? rest : [part])].join('.').replaceAll(/[^A-Za-z0-9._-]/g, '-')

/** Stored secrets inside a text go with it; undefined when something else is inside. */
async function wholeValue(
  text: string,
  readSecret: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const parts = parsePlaceholders(text)
  if (typeof parts === 'string') return undefined
  let value = ''
  for (const part of parts) {
    if (part.type !== 'text' && part.type !== 'secret') return undefined
    const piece = part.type === 'text' ? part.text : await readSecret(part.name)
    if (piece === undefined) return undefined
    value += piece
  }
  return value
}

const cannotLift = (problems: readonly string[]): CaravanError =>
  new CaravanError({
    code: 'config_invalid',
    message: `these hold a value in clear that cannot be sealed; nothing was written:\n${problems.join('\n')}`,
    hint:
      'Give each a placeholder and nothing else, such as ${NAME} without a default; ' +
      'fields of a service with "caravan edit".',
  })

function differingLines(before: string, after: string): number {
  const lines = after.split('\n')
  return before.split('\n').filter((line, at) => line !== lines[at]).length
}
