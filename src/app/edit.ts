import { deleteIn, removeService, setIn } from '../config/edit.ts'
import { isGroup } from '../config/tree.ts'
import { type Around, writeConfigFile } from '../config/write.ts'
import type { App } from './app.ts'

/** Edits the file as it was read: when somebody changed it meanwhile, nothing is written (`config_changed`). */
export async function editConfig(
  app: App,
  edit: (text: string) => string,
  around?: Around,
): Promise<string> {
  const { text, sha256 } = await app.usableConfig()
  const edited = edit(text)
  await writeConfigFile(app.file(), edited, sha256, around)
  const { recordWritten } = await import('./config-history/record.ts')
  await recordWritten(app)
  return edited
}

/** It is no channel of alerts any more either: a channel that is no service is a fault of the file. */
export async function writeWithoutService(app: App, name: string): Promise<string> {
  const at = channelsIn((await app.usableConfig()).raw).lastIndexOf(name)
  return editConfig(app, (before) => {
    const text = at < 0 ? before : deleteIn(before, ['alerts', 'channels', at])
    return removeService(text, name)
  })
}

/** As they stand in the file. */
export function channelsIn({ alerts }: Record<string, unknown>): unknown[] {
  return isGroup(alerts) && Array.isArray(alerts.channels) ? alerts.channels : []
}

/** `line`: where the key stands now. */
export async function writeEnabled(
  app: App,
  name: string,
  isEnabled: boolean,
): Promise<{ line: number }> {
  const path = ['services', name, 'enabled']
  const text = await editConfig(app, (before) => setIn(before, path, isEnabled))
  const { parseConfig, placeOf } = await import('../config/document.ts')
  return { line: placeOf(parseConfig(text, app.file()), path, 'key').line }
}
