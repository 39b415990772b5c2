import { dirname, resolve } from 'node:path'
import { readConfigFile } from '../../config/write.ts'

/** Where the state of a file lies that cannot be read as YAML: as its line `state:` says, else where it is by default. */
export async function guessStatePath(file: string): Promise<string> {
  const text = (await readConfigFile(file)).toString('utf8')
  const written = /^state:[ \t]*(["']?)([^\s"'#]+)\1[ \t]*(?:#.*)?$/m.exec(text)?.[2]
  return resolve(dirname(file), written ?? './caravan.db')
}
