import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, it } from 'vitest'

const root = import.meta.dirname

/** What each folder of src may import, beside itself. The drawing is in the README, section "The house". */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  http: ['core'],
  store: ['core'],
  formats: ['core'],
  config: ['core'],
  adapters: ['core'],
  calls: ['http', 'store', 'core'],
  jobs: ['store', 'formats', 'core'],
  app: ['adapters', 'jobs', 'calls', 'http', 'store', 'formats', 'config', 'core'],
  daemon: ['app', 'jobs', 'calls', 'store', 'config', 'core'],
  // CSV on stdout and CSV in a file are one format.
  commands: ['app', 'daemon', 'formats', 'core'],
}

const imports = globSync('**/*.ts', { cwd: root })
  .filter(
    (file) => !file.endsWith('.test.ts') && !file.startsWith('testing/') && file.includes('/'),
  )
  .flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const found = text.matchAll(/(?:from|import\(|import)\s*'(\.{1,2}\/[^']+)'/g)
    return [...found].map(([, target = '']) => ({
      file,
      from: folderOf(file),
      to: folderOf(relative(root, join(root, dirname(file), target))),
    }))
  })

it('imports run downwards only', () => {
  const upward = imports
    .filter(({ from, to }) => from !== to && !to.startsWith('..') && to !== 'version.ts')
    .filter(({ from, to }) => !mayImport[from]?.includes(to))
    .map(({ file, to }) => `${file} imports ${to}`)

  expect(imports.length).toBeGreaterThan(200)
  expect(upward).toEqual([])
})

it('only the store reads the migrations', () => {
  const outside = imports.filter(({ to, from }) => to.startsWith('..') && from !== 'store')

  expect(outside).toEqual([])
})

it('no adapter knows another adapter', () => {
  const across = globSync('adapters/*/**/*.ts', { cwd: root }).filter((file) => {
    const [, own = ''] = file.split('/')
    const text = readFileSync(join(root, file), 'utf8')
    return new RegExp(`from '(?:\\.\\./)+(?!${own}/|core/|testing/|\\.)[a-z0-9-]+/`).test(
      file.endsWith('.test.ts') ? '' : text,
    )
  })

  expect(across).toEqual([])
})

function folderOf(path: string): string {
  return path.split('/')[0] ?? ''
}
