import { removeService, setIn } from '../config/edit.ts'
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

export const writeWithoutService = (app: App, name: string): Promise<string> =>
  editConfig(app, (before) => removeService(before, name))

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
