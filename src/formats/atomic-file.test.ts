import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startChild } from '../testing/child.ts'
import { writeFileAtomically } from './atomic-file.ts'

function folderOf(old?: string): { folder: string; path: string } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'caravan-atomic-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'import.xml')
  if (old !== undefined) writeFileSync(path, old)
  return { folder, path }
}

it('writes the pieces and leaves nothing else', async () => {
  const { folder, path } = folderOf()

  const bytes = await writeFileAtomically(path, ['при', Buffer.from('вет'), '\n'])

  expect(bytes).toBe(13)
  expect(readFileSync(path, 'utf8')).toBe('привет\n')
  expect(readdirSync(folder)).toEqual(['import.xml'])
  expect(statSync(path).mode & 0o777 & ~0o640).toBe(0)
})

it('is done with a buffer before it asks for the next', async () => {
  const { path } = folderOf()
  const buffer = Buffer.alloc(1 << 20)
  function* pieces() {
    for (const mark of 'abcd') yield buffer.fill(mark)
  }

  await writeFileAtomically(path, pieces())

  expect(readFileSync(path, 'utf8').replace(/(.)\1+/g, '$1')).toBe('abcd')
})

it('keeps the mode of the file it replaces, and a symbolic link to it', async () => {
  const { folder, path } = folderOf('old')
  chmodSync(path, 0o604)
  const link = join(folder, 'link.xml')
  symlinkSync(path, link)

  await writeFileAtomically(link, ['new'])

  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(statSync(path).mode & 0o777).toBe(0o604)
  expect(readdirSync(folder).toSorted()).toEqual(['import.xml', 'link.xml'])
})

it('shows the old file until the new one is whole', async () => {
  const { folder, path } = folderOf('old')
  const seen: string[] = []
  function* pieces() {
    yield 'half'
    yield ''
    seen.push(readFileSync(path, 'utf8'), ...readdirSync(folder))
    yield 'whole'
  }

  await writeFileAtomically(path, pieces())

  expect(seen).toEqual([
    'old',
    expect.stringMatching(/^\.import\.xml\.[0-9a-f]{8}\.part$/),
    'import.xml',
  ])
})

it('keeps the old file and leaves no part when the pieces fail', async () => {
  const { folder, path } = folderOf('old')
  function* pieces() {
    yield 'half'
    throw new Error('the database went away')
  }

  await expect(writeFileAtomically(path, pieces())).rejects.toThrow('the database went away')

  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(readdirSync(folder)).toEqual(['import.xml'])
})

it('stops on a signal and leaves nothing', async () => {
  const { folder, path } = folderOf()
  const stop = new AbortController()
  function* pieces() {
    yield 'half'
    stop.abort(new Error('stopped'))
    yield 'more'
  }

  const writing = writeFileAtomically(path, pieces(), { signal: stop.signal })

  await expect(writing).rejects.toThrow('stopped')
  expect(readdirSync(folder)).toEqual([])
})

it('leaves at most a part when it is killed, and the next call writes the file', async () => {
  const { folder, path } = folderOf('old')
  const child = startChild('atomic-child.ts', path)
  await child.printed(1)

  await child.kill()

  expect(readFileSync(path, 'utf8')).toBe('old')
  const [part = '', ...others] = readdirSync(folder).filter((name) => name !== 'import.xml')
  expect(part).toMatch(/^\.import\.xml\.[0-9a-f]{8}\.part$/)
  expect(others).toEqual([])
  await writeFileAtomically(path, ['new'])
  expect(readFileSync(path, 'utf8')).toBe('new')
})

it('removes parts that a killed process left long ago, and no others', async () => {
  const { folder, path } = folderOf()
  const others = ['.import.xml.0a1b2c3d.part', '.offers.xml.01234567.part', '.import.xml.note.part']
  const names = ['.import.xml.01234567.part', ...others]
  for (const name of names) writeFileSync(join(folder, name), 'half')
  for (const name of names.filter((one) => one !== others[0])) {
    utimesSync(join(folder, name), 1_700_000_000, 1_700_000_000)
  }

  await writeFileAtomically(path, ['new'])

  expect(readdirSync(folder).toSorted()).toEqual([...others, 'import.xml'].toSorted())
})

it('lets several writers of one name each write a whole file', async () => {
  const { folder, path } = folderOf()
  async function* pieces(mark: string) {
    for (let count = 0; count < 50; count += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      yield mark.repeat(100)
    }
  }

  await Promise.all(['a', 'b', 'c'].map((mark) => writeFileAtomically(path, pieces(mark))))

  expect(readFileSync(path, 'utf8')).toMatch(/^(?:a{5000}|b{5000}|c{5000})$/)
  expect(readdirSync(folder)).toEqual(['import.xml'])
})

it.each`
  name                 | reason
  ${'missing/out.xml'} | ${'the folder does not exist'}
  ${'folder'}          | ${'it is a folder'}
  ${'plain/out.xml'}   | ${'part of the path is a file'}
`('says why $name cannot be written', async ({ name, reason }) => {
  const { folder } = folderOf()
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'plain'), '')
  const path = join(folder, name)

  const writing = writeFileAtomically(path, ['x'])

  await expect(writing).rejects.toMatchObject({
    code: 'file_unwritable',
    message: expect.stringContaining(reason),
    hint: expect.any(String),
  })
})

it('does not rename over a device', async () => {
  await expect(writeFileAtomically('/dev/null', ['x'])).rejects.toMatchObject({
    message: '/dev/null cannot be written: it is not a plain file',
  })
})

it('writes names of 255 bytes', async () => {
  const { folder } = folderOf()
  const name = `${'й'.repeat(125)}.xml`

  await writeFileAtomically(join(folder, name), ['x'])

  expect(readdirSync(folder)).toEqual([name])
})

it('says that a folder is not writable', async () => {
  const { folder, path } = folderOf('old')
  chmodSync(folder, 0o555)
  onTestFinished(() => chmodSync(folder, 0o755))
  // Root may write anywhere, so the child becomes someone else first.
  const isRoot = process.getuid?.() === 0
  const child = startChild('atomic-child.ts', path, String(isRoot ? 65_534 : process.getuid?.()))

  const [message] = await child.printed(1)

  expect(message).toBe(`${path} cannot be written into ${folder}: permission denied`)
  expect(readdirSync(folder)).toEqual(['import.xml'])
})

it('says that the disk is full, and frees what it took', async (context) => {
  const { folder } = folderOf()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'none', folder], { stdio: 'ignore' })
  } catch {
    return context.skip('a small disk can only be mounted by root')
  }
  onTestFinished(() => void execFileSync('umount', [folder]))
  const path = join(folder, 'import.xml')
  writeFileSync(path, 'old')

  const writing = writeFileAtomically(
    path,
    Array.from({ length: 8 }, () => 'x'.repeat(65_536)),
  )

  await expect(writing).rejects.toMatchObject({
    code: 'file_unwritable',
    message: `${path} cannot be written into ${folder}: the disk is full`,
    hint: 'Free some space, or write to another disk.',
  })
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(readdirSync(folder)).toEqual(['import.xml'])
})
