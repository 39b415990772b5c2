import { addService, removeService, setIn } from '../config/edit.ts'
import { writeConfigFile } from '../config/write.ts'
import type { App } from './app.ts'

/** Edits the file as it was read: when somebody changed it meanwhile, nothing is written (`config_changed`). */
async function editConfig(app: App, edit: (text: string) => string): Promise<string> {
  const { text, sha256 } = await app.usableConfig()
  const edited = edit(text)
  await writeConfigFile(app.file(), edited, sha256)
  return edited
}

export async function writeNewService(
  app: App,
  name: string,
  service: Record<string, unknown>,
): Promise<{ line: number }> {
  const text = await editConfig(app, (before) => addService(before, name, service))
  const at = text.split('\n').findIndex((line) => line.trimStart().startsWith(`${name}:`))
  return { line: at + 1 }
}

export const writeWithoutService = (app: App, name: string): Promise<string> =>
  editConfig(app, (before) => removeService(before, name))

export const writeEnabled = (app: App, name: string, isEnabled: boolean): Promise<string> =>
  editConfig(app, (before) => setIn(before, ['services', name, 'enabled'], isEnabled))
