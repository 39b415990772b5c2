/**
 * Bundles the program into dist/: one small entry, and a chunk for each command and for what they share; beside it the
 * library, another entry on the same chunks, with its types. CommonJS,
 * because the ES module form of Node's built-in modules costs several milliseconds at every start.
 */
import { rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { libraryTypes } from './library-types.ts'

const root = resolve(import.meta.dirname, '..')

if (import.meta.main) await build(resolve(root, 'dist'))

/** Replaces the folder by a fresh bundle. `forCrashes`: one that tests can kill at named places, see core/crash-point.ts. */
export async function build(folder: string, { forCrashes = false } = {}): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  const bundle = await rolldown({
    cwd: root,
    input: { main: 'src/main.ts', lib: 'src/lib.ts' },
    platform: 'node',
    external: ['better-sqlite3'],
    transform: {
      target: 'node22',
      define: { 'process.env.CARAVAN_TEST_BUILD': forCrashes ? '"yes"' : '"no"' },
    },
  })
  await bundle.write({
    dir: folder,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  })
  await bundle.close()
  await writeFile(resolve(folder, 'lib.d.cts'), libraryTypes())
}
