/** Which places of the config name a secret: by the placeholders as they stand in the file. */
import { type Path, pathText } from '../config/faults.ts'
import { parsePlaceholders } from '../config/placeholders.ts'
import { eachChild } from '../config/tree.ts'

/** By the name of the secret, every place that names it, in the order of the file. */
export function placesOfSecrets(raw: unknown): Map<string, Path[]> {
  const places = new Map<string, Path[]>()
  const look = (node: unknown, path: Path): void => {
    if (typeof node !== 'string') return eachChild(node, path, look)
    for (const name of new Set(secretsNamedIn(node))) {
      places.set(name, [...(places.get(name) ?? []), path])
    }
  }
  look(raw, [])
  return places
}

/** Who uses it, as an operator says it: a service by its name, anything else by its place in the file. */
export function usersAt(places: readonly Path[]): string[] {
  const users = places.map((path) =>
    path[0] === 'services' && path.length > 2 ? String(path[1]) : pathText(path),
  )
  return [...new Set(users)]
}

/** The names of stored secrets in a text; one with a mistake elsewhere in it still counts. */
export function secretsNamedIn(text: string): string[] {
  const parts = parsePlaceholders(text)
  if (typeof parts === 'string') {
    return [...text.matchAll(/\$\{secret:([^}]+)\}/g)].map(([, name = '']) => name)
  }
  return parts.flatMap((part) => (part.type === 'secret' ? [part.name] : []))
}
