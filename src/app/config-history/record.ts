import { readFileSync } from 'node:fs'
import type { LoadedConfig } from '../../config/load.ts'
import { summarize, summarizeFirst, treeChanges } from '../../config/tree-diff.ts'
import { sha256Of } from '../../config/write.ts'
import { isStateTrouble, messageOf } from '../../core/errors.ts'
import { type ConfigVersion, saveConfigVersion } from '../../store/config-versions.ts'
import type { Db } from '../../store/schema.ts'
import type { App } from '../app.ts'
import { readProjectConfig } from '../config.ts'
import { operatorName } from '../operator.ts'
import { maskLoaded } from './mask-loaded.ts'

/** Keeps what was loaded as a version, unless it is the latest one. What cannot be kept fails no command. */
export const recordLoaded = (
  app: App,
  db: Db,
  loaded: LoadedConfig,
): Promise<ConfigVersion | undefined> => quietly(app, () => record(app, db, loaded))

/** The same after a command has written the file, so that the version carries the name of that command. */
export const recordWritten = (app: App): Promise<ConfigVersion | undefined> =>
  quietly(app, async () => {
    const { db } = await app.stateAsIs()
    return record(app, db, await readProjectConfig(app.file(), app.env))
  })

async function quietly<T>(app: App, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    // A state that cannot be written is told by whatever has to write to it.
    if (!isStateTrouble(error)) app.warn(messageOf(error), 'ConfigHistoryWarning')
    return undefined
  }
}

async function record(app: App, db: Db, loaded: LoadedConfig): Promise<ConfigVersion | undefined> {
  const { hash, text, tree } = await maskLoaded(loaded)
  return saveConfigVersion(db, hash, (before) => {
    // Another process may have written the file meanwhile, and recorded it: this one is history already.
    if (sha256Of(readFileSync(loaded.file)) !== loaded.sha256) return undefined
    return {
      loadedBy: operatorName(app.env),
      command: app.command,
      faults: loaded.faults.length,
      content: text,
      parsed: tree,
      summary: before ? summarize(treeChanges(before.parsed, tree)) : summarizeFirst(tree),
      now: app.clock.now(),
    }
  })
}
