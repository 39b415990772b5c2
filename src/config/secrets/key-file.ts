/** Files that hold a key or a passphrase: for their owner alone, and on the disk before anything relies on them. */
import { constants } from 'node:fs'
import { link, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CaravanError, messageOf, systemCode } from '../../core/errors.ts'
import { parseKey } from './keys.ts'

/** What the file is called in an error. */
export type FileWord = 'key file' | 'passphrase file'

/** No key is longer than 60 characters; a file that is was named by mistake. */
const maxBytes = 1024

/**
 * The text of a file; undefined when there is none. Throws `key_missing` for what cannot be read and `key_unsafe` for a
 * file that others can use, unless `mustBePrivate` is false.
 */
export async function readPrivateFile(
  path: string,
  word: FileWord,
  source: string,
  mustBePrivate = true,
): Promise<string | undefined> {
  let handle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const why = code === 'EACCES' ? 'permission denied' : messageOf(error)
    const hint = 'Run caravan as the user who owns it.'
    throw unusable(word, source, `cannot be read: ${why}`, hint, error)
  }
  const hint = `Name the ${word} itself.`
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw unusable(word, source, 'is not a regular file', hint)
    if (mustBePrivate) requirePrivate(path, word, stat.mode, stat.uid)
    if (stat.size > maxBytes) {
      const what = word === 'key file' ? 'key' : 'passphrase'
      throw unusable(word, source, `is too large for a ${what} (${stat.size} bytes)`, hint)
    }
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** Where a rotation was when it was stopped; tests stop it there. */
export type OnStep = (step: string) => void

/**
 * Writes a key to a new file, mode 0600, on disk before it returns. Throws `key_exists` rather than replace one, or
 * `key_unwritable`.
 */
export async function writeKeyFile(path: string, keyText: string, onStep?: OnStep): Promise<void> {
  let handle
  try {
    handle = await open(path, 'wx', 0o600)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw keyExists(path)
    throw unwritable(path, error)
  }
  try {
    onStep?.('key file made')
    await handle.chmod(0o600)
    await handle.writeFile(`${keyText}\n`)
    onStep?.('key file written')
    await handle.sync()
    onStep?.('key file synced')
  } catch (error) {
    // Half a key would stand in the way of a whole one.
    await rm(path, { force: true })
    throw unwritable(path, error)
  } finally {
    await handle.close()
  }
  await syncFolder(dirname(path))
  onStep?.('key folder synced')
}

export const keyExists = (path: string): CaravanError =>
  new CaravanError({
    code: 'key_exists',
    message: `there is a file ${path} already; it was not touched`,
    hint: 'Secrets sealed with a key can be opened with nothing else. Name another file, or move it away if you are sure.',
  })

/** The file itself, where the path is a link to it: a new key goes beside the old one and into its place. */
export const keyFileItself = (path: string): Promise<string> =>
  realpath(path).catch(() => resolve(path))

/** Where a rotation puts the new key until every secret is sealed with it. */
export const nextKeyFile = async (path: string): Promise<string> =>
  `${await keyFileItself(path)}.next`

/**
 * Where the key that lies there now is kept when another takes its place: backups need it, and so may another
 * installation that was given the same key. Undefined when what lies there is no key.
 */
export async function formerKeyFile(path: string): Promise<string | undefined> {
  const target = await keyFileItself(path)
  try {
    return `${target}.before-${parseKey(await readFile(target, 'utf8'), target).id}`
  } catch {
    return undefined
  }
}

/** Puts the next key into the place of the old one, which is kept under another name. Throws `key_unwritable`. */
export async function putNextInPlace(path: string, onStep?: OnStep): Promise<void> {
  const target = await keyFileItself(path)
  const former = await formerKeyFile(path)
  try {
    if (former) await keepAs(former, target)
    onStep?.('old key file kept')
    await rename(`${target}.next`, target)
    onStep?.('key file in its place')
    await syncFolder(dirname(target))
    onStep?.('its place synced')
  } catch (error) {
    throw unwritable(target, error)
  }
}

/** A second name for the same file: at no moment is the key under none. */
async function keepAs(former: string, target: string): Promise<void> {
  await link(target, former).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error
  })
}

/** Makes a new name survive a power cut. A folder that may be written but not read does not open for this. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    if (systemCode(error) === 'EACCES') return undefined
    throw error
  })
  await handle?.sync().finally(() => handle.close())
}

function requirePrivate(path: string, word: FileWord, mode: number, owner: number): void {
  if (mode & 0o077) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new CaravanError({
      code: 'key_unsafe',
      message: `the ${word} ${path} can be used by other users (mode ${octal})`,
      hint: `Run: chmod 600 ${path}`,
    })
  }
  const user = process.geteuid?.()
  if (user === undefined || owner === user) return
  throw new CaravanError({
    code: 'key_unsafe',
    message: `the ${word} ${path} belongs to another user (uid ${owner}, and caravan runs as uid ${user})`,
    hint: `Run caravan as its owner, or give it over: chown ${user} ${path}`,
  })
}

const unusable = (
  word: FileWord,
  source: string,
  what: string,
  hint: string,
  cause?: unknown,
): CaravanError =>
  new CaravanError({ code: 'key_missing', message: `the ${word} ${source} ${what}`, hint, cause })

const reasons: Readonly<Record<string, { why: string; hint: string }>> = {
  EACCES: { why: 'permission denied', hint: 'Let this user write into the folder.' },
  EPERM: { why: 'permission denied', hint: 'Let this user write into the folder.' },
  EROFS: { why: 'the file system is read-only', hint: 'Name a file in another folder.' },
  ENOENT: { why: 'the folder does not exist', hint: 'Make the folder first.' },
  ENOTDIR: { why: 'part of the path is a file', hint: 'Check the path.' },
  EISDIR: { why: 'it is a folder', hint: 'Name a file.' },
  ENAMETOOLONG: { why: 'the name is too long', hint: 'Name a shorter one.' },
  ENOSPC: { why: 'the disk is full', hint: 'Free some space first.' },
  EDQUOT: { why: 'the disk quota is used up', hint: 'Free some space first.' },
}

function unwritable(path: string, cause: unknown): CaravanError {
  const reason = reasons[systemCode(cause) ?? '']
  return new CaravanError({
    code: 'key_unwritable',
    message: `the key file ${path} cannot be written: ${reason?.why ?? messageOf(cause)}`,
    hint: reason?.hint ?? 'The folder must exist and be writable for this user.',
    cause,
  })
}
