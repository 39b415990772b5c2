/** A bundle against what is here, and what of it is this machine's own affair. */
import { isDeepStrictEqual } from 'node:util'
import { deleteIn, setIn } from '../../config/edit.ts'
import { isGroup } from '../../config/tree.ts'
import type { Compared } from '../answers/bundle.ts'
import type { Carried } from './format.ts'

/** Where the state and the key lie is this machine's own affair. */
const ownKeys = { state: './caravan.db', key_file: undefined } as const

/** The config of a bundle as it is written here. `kept`: the keys that stay as they are here. */
export function textForHere(
  text: string,
  sent: Record<string, unknown>,
  present: Record<string, unknown>,
): { text: string; kept: string[] } {
  let result = text
  const kept: string[] = []
  for (const [key, byDefault] of Object.entries(ownKeys)) {
    const here = present[key] ?? byDefault
    if ((sent[key] ?? byDefault) === here) continue
    kept.push(key)
    result = here === undefined ? deleteIn(result, [key]) : setIn(result, [key], here)
  }
  return { text: result, kept }
}

/** What stands at the top of a file beside its entries. */
export const others = (raw: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(raw).filter(
      ([key, value]) => !['version', 'services', 'jobs'].includes(key) && value !== null,
    ),
  )

/** Entries of a section, in the order of the bundle; those that it does not have come last. */
export function compare(here: unknown, sent: unknown): Compared[] {
  const [old, now] = [isGroup(here) ? here : {}, isGroup(sent) ? sent : {}]
  const brought = Object.entries(now).map(([name, entry]): Compared => {
    const isSame = isDeepStrictEqual(old[name], entry)
    return { name, change: !Object.hasOwn(old, name) ? 'new' : isSame ? 'same' : 'different' }
  })
  const gone = Object.keys(old).filter((name) => !Object.hasOwn(now, name))
  return [...brought, ...gone.map((name): Compared => ({ name, change: 'gone' }))]
}

export async function compareSecrets(
  secrets: Carried,
  read: (name: string) => Promise<string | undefined>,
): Promise<Compared[]> {
  const compared: Compared[] = []
  for (const [name, { value }] of Object.entries(secrets)) {
    const here = await read(name)
    compared.push({
      name,
      change: here === undefined ? 'new' : here === value ? 'same' : 'different',
    })
  }
  return compared
}
