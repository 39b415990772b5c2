import type { ConfigReport } from './answers/config.ts'
import type { App } from './app.ts'
import { readConfigFile } from '../config/write.ts'
import { type LoadedConfig, readConfig, requireValid } from '../config/load.ts'
import { type ConfigFault, formatFaults, inFileOrder, pathText } from '../config/faults.ts'
import { readValueFile } from '../config/sources.ts'
import { entriesOf } from '../config/tree.ts'
import { catalogue } from './catalogue.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Reads integrations.yaml, whatever is wrong inside. */
export async function readProjectConfig(file: string, env: Environment): Promise<LoadedConfig> {
  const bytes = await readConfigFile(file)
  return readConfig(bytes, file, catalogue, {
    env,
    readFile: readValueFile,
    credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
  })
}

export const refuseFaults = requireValid

/** Every fault of the file, also those that concern one service alone, such as a secret that is not stored. `text`, `remarksText`: as operators read them. */
export async function checkConfig(
  app: App,
): Promise<ConfigReport & { text: string; remarksText: string }> {
  const loaded = await app.usableConfig()
  const reviewed = await app.review()
  const faults = [...loaded.faults, ...reviewed.faults]
  return {
    file: loaded.file,
    services: entriesOf(loaded.raw.services).length,
    jobs: entriesOf(loaded.raw.jobs).length,
    faults: inFileOrder(faults).map(tellFault),
    remarks: inFileOrder(reviewed.remarks).map(tellFault),
    text: formatFaults(loaded.file, faults),
    remarksText: formatFaults(loaded.file, reviewed.remarks),
  }
}

const tellFault = ({ line, column, path, message, hint }: ConfigFault) => ({
  line,
  column,
  path: pathText(path),
  message,
  hint: hint ?? null,
})
