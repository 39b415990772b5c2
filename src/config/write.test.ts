import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  lstat,
  mkdtemp,
  readFile,
  readdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { exitOf } from '../core/errors.ts'
import { readConfigFile, sha256Of, writeConfigFile } from './write.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caravan-write-'))
  file = join(folder, 'integrations.yaml')
})

it('replaces the file and keeps its mode; nothing else is left', async () => {
  await writeFile(file, 'old')
  await chmod(file, 0o640)

  const { sha256 } = await writeConfigFile(file, 'new', sha256Of('old'))

  expect(await readFile(file, 'utf8')).toBe('new')
  expect((await stat(file)).mode & 0o777).toBe(0o640)
  expect(sha256).toBe(sha256Of('new'))
  expect(await readdir(folder)).toEqual(['integrations.yaml'])
})

it('writes through a symbolic link', async () => {
  await writeFile(join(folder, 'real.yaml'), 'old')
  await symlink(join(folder, 'real.yaml'), file)

  await writeConfigFile(file, 'new', sha256Of('old'))

  expect((await lstat(file)).isSymbolicLink()).toBe(true)
  expect(await readFile(join(folder, 'real.yaml'), 'utf8')).toBe('new')
})

it.each([
  ['was changed', 'other', sha256Of('old')],
  ['exists', 'other', null],
])('refuses a file that %s meanwhile', async (_, content, expected) => {
  await writeFile(file, content)

  const error = await writeConfigFile(file, 'new', expected).catch((thrown) => thrown)

  expect(error).toMatchObject({ code: 'config_changed' })
  expect(exitOf(error)).toBe('locked')
  expect(await readFile(file, 'utf8')).toBe('other')
  expect(await readdir(folder)).toEqual(['integrations.yaml'])
})

it('of many writers that began with the same file exactly one succeeds', async () => {
  await writeFile(file, 'old')

  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      writeConfigFile(file, `new ${index}`, sha256Of('old')),
    ),
  )

  const done = results.flatMap(({ status }, index) =>
    status === 'fulfilled' ? [`new ${index}`] : [],
  )
  expect(done).toEqual([await readFile(file, 'utf8')])
})

it('passes the lock of a process that was killed', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  await symlink(String(child.pid), join(folder, '.integrations.yaml.lock'))

  await writeConfigFile(file, 'new', null)

  expect(await readFile(file, 'utf8')).toBe('new')
})

it('says why a file cannot be written and leaves it alone', async () => {
  const error = await writeConfigFile('/proc/caravan/integrations.yaml', 'new', null).catch(
    (thrown) => thrown,
  )

  expect(error).toMatchObject({ code: 'config_unwritable' })
  expect(error.message).toMatchInlineSnapshot(
    `"/proc/caravan/integrations.yaml cannot be written: the folder does not exist. The file is as it was."`,
  )
})

it('names a read-only folder', async () => {
  await writeFile(file, 'old', { mode: 0o644 })
  await chmod(folder, 0o555)

  const error = await asNobody(() => writeConfigFile(file, 'new', sha256Of('old'))).catch(
    (thrown) => thrown,
  )

  expect(error).toMatchObject({ code: 'config_unwritable' })
  expect(exitOf(error)).toBe('failed')
  expect(error.message).toContain('cannot be written: permission denied. The file is as it was.')
  expect(await readFile(file, 'utf8')).toBe('old')
})

it('says so when the file system is full', async () => {
  // Every write to files of a process with this limit fails, as on a full disk.
  await writeFile(file, 'old')
  const script = `
    process.on('SIGXFSZ', () => {})
    const { writeConfigFile } = await import(${JSON.stringify(new URL('./write.ts', import.meta.url).href)})
    await writeConfigFile(${JSON.stringify(file)}, 'x'.repeat(100_000), '${sha256Of('old')}').catch((error) => console.log(error.code))`
  const child = spawn('sh', [
    '-c',
    'ulimit -f 20; exec "$0" --input-type=module -e "$1"',
    process.execPath,
    script,
  ])
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  await once(child, 'close')

  expect(output.trim()).toBe('config_unwritable')
  expect(await readFile(file, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['integrations.yaml'])
})

it('killed at any moment leaves a whole file that can be written again', async () => {
  const texts = ['a'.repeat(50_000), 'b'.repeat(70_000)]
  await writeFile(file, texts[0]!)
  const script = `
    const { writeConfigFile, sha256Of } = await import(${JSON.stringify(new URL('./write.ts', import.meta.url).href)})
    const { readFileSync } = await import('node:fs')
    const texts = ['a'.repeat(50_000), 'b'.repeat(70_000)]
    console.log('started')
    for (;;) {
      const now = readFileSync(${JSON.stringify(file)}, 'utf8')
      await writeConfigFile(${JSON.stringify(file)}, now === texts[0] ? texts[1] : texts[0], sha256Of(now))
    }`

  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script])
    await once(child.stdout, 'data')
    await systemClock.sleep(Math.random() * 40)
    child.kill('SIGKILL')
    await once(child, 'close')

    const left = await readFile(file, 'utf8')
    expect(texts).toContain(left)
    await writeConfigFile(file, texts[0]!, sha256Of(left))
    expect(await readdir(folder)).toEqual(['integrations.yaml'])
  }
})

it('reading names what is missing or unreadable', async () => {
  await expect(readConfigFile(file)).rejects.toMatchObject({ code: 'config_missing' })
  await expect(readConfigFile(folder)).rejects.toMatchObject({ code: 'config_unreadable' })
})

/** Root may write everywhere; the test then steps down to a user who may not. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return act()
  process.seteuid?.(65_534)
  try {
    return await act()
  } finally {
    process.seteuid?.(0)
  }
}
