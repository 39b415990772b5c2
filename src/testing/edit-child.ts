/** Edits a service in a process of its own that kills itself at a named moment: node edit-child.ts MOMENT FOLDER VALUES */
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { openApp } from '../app/app.ts'
import { editableService, editService } from '../app/edit-service.ts'
import { systemClock } from '../core/clock.ts'

const [moment = '', folder = '', values = '{}'] = process.argv.slice(2)

const passing = async (name: string): Promise<void> => {
  if (name !== moment) return
  process.kill(process.pid, 'SIGKILL')
  await systemClock.sleep(60_000)
}

const { rename } = fs
fs.rename = async (from, to) => {
  await passing('before the file')
  await rename(from, to)
  await passing('after the file')
}
syncBuiltinESMExports()

const { signal } = new AbortController()
const app = openApp({ env: { USER: 'tester' }, cwd: folder, clock: systemClock, signal })
const open = app.secrets
app.secrets = async () => {
  const store = await open()
  return {
    ...store,
    async writeAll(secrets) {
      await passing('before the secrets')
      await store.writeAll(secrets)
      await passing('after the secrets')
    },
    async remove(name) {
      const isGone = await store.remove(name)
      await passing('after the old secret')
      return isGone
    },
  }
}
const wanted = { values: JSON.parse(values) as object, unset: [], test: 'skip' } as const
await editService(app, await editableService(app, 'haier'), {
  ...wanted,
  values: { ...wanted.values },
  say: () => undefined,
})
await app.close()
process.stdout.write('edited\n')
