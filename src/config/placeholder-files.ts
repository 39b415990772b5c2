import { resolve } from 'node:path'
import { parsePlaceholders, type Sources } from './placeholders.ts'
import { eachChild } from './tree.ts'

/** Every file whose text the config takes values from, as absolute paths, in the order of the file. */
export function filesNamedIn(
  raw: unknown,
  { configDir, credentialsDirectory }: Pick<Sources, 'configDir' | 'credentialsDirectory'>,
): string[] {
  const files = new Set<string>()
  const look = (node: unknown): void => {
    if (typeof node !== 'string') return eachChild(node, [], look)
    const parts = parsePlaceholders(node)
    if (typeof parts === 'string') return
    for (const part of parts) {
      if (part.type === 'file') files.add(resolve(configDir, part.name))
      if (part.type === 'cred' && credentialsDirectory) {
        files.add(resolve(credentialsDirectory, part.name))
      }
    }
  }
  look(raw)
  return [...files]
}
