/**
 * Bundles the program into dist/: one small entry, and a chunk for each command and for what they share. CommonJS,
 * because the ES module form of Node's built-in modules costs several milliseconds at every start.
 */
import { rm } from 'node:fs/promises'
import { rolldown } from 'rolldown'

await rm('dist', { recursive: true, force: true })
const bundle = await rolldown({
  input: { main: 'src/main.ts' },
  platform: 'node',
  external: ['better-sqlite3'],
  transform: { target: 'node22' },
})
await bundle.write({
  dir: 'dist',
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name]-[hash].cjs',
})
await bundle.close()
