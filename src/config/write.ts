import { createHash } from 'node:crypto'
import { open, readFile, readlink, realpath, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CaravanError, systemCode } from '../core/errors.ts'
import { reasonOf } from '../core/system-faults.ts'

export const sha256Of = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex')

/** The bytes of the config file. Throws `config_missing` or `config_unreadable`. */
export async function readConfigFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') {
      const hint = 'Run "caravan init", or name the file with --config.'
      throw new CaravanError({ code: 'config_missing', message: `there is no file ${file}`, hint })
    }
    const hint = code === 'EACCES' ? 'Give this user the right to read it.' : undefined
    const why = reasonOf(error)
    const message = `${file} cannot be read: ${why}`
    throw new CaravanError({ code: 'config_unreadable', message, hint, cause: error })
  }
}

export type Around = (write: () => Promise<void>) => Promise<void>

/**
 * Replaces the config file in one step: whoever reads it sees the old text or the new, also after a kill or a power
 * cut. Mode and owner stay; a symbolic link stays and its target is replaced. Throws `config_changed` when the file is
 * no longer the one with `expectedSha256` (`null`: when there is one) or another process is writing it, and
 * `config_unwritable` when the folder does not let us. `around` does what belongs to this change and to no other
 * process's, while the file is known to be unchanged; it calls `write` for the file itself.
 */
export async function writeConfigFile(
  file: string,
  text: string,
  expectedSha256: string | null,
  around: Around = (write) => write(),
): Promise<{ sha256: string }> {
  const target = await realpath(file).catch(() => file)
  const folder = dirname(target)
  const stem = `.${basename(target)}.`
  const lock = join(folder, `${stem}lock`)
  // One name is enough under the lock, and what a killed process left is used again.
  const temporary = join(folder, `${stem}tmp`)
  try {
    await takeLock(lock, file)
    try {
      await requireUnchanged(target, file, expectedSha256)
      await around(async () => {
        await writeLike(target, temporary, text)
        await rename(temporary, target)
        await syncFolder(folder)
      })
    } finally {
      await rm(temporary, { force: true })
      await rm(lock, { force: true })
    }
  } catch (error) {
    if (error instanceof CaravanError) throw error
    const why = reasonOf(error, { ENOENT: 'the folder does not exist' })
    throw new CaravanError({
      code: 'config_unwritable',
      message: `${file} cannot be written: ${why}. The file is as it was.`,
      hint: `Caravan writes a new file into ${folder} and renames it; the folder must be writable for this user.`,
      cause: error,
    })
  }
  return { sha256: sha256Of(text) }
}

/** Two writers that began with the same file must not both succeed: the first would be lost without a word. */
async function takeLock(lock: string, file: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A symbolic link appears with its content in one step; a file could be left empty by a kill.
      return await symlink(String(process.pid), lock)
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
      const holder = Number(await readlink(lock).catch(() => ''))
      if (attempt > 1 || !holder || isRunning(holder)) {
        throw new CaravanError({
          code: 'config_changed',
          message: `${file} is being changed by another process${holder ? ` (pid ${holder})` : ''}`,
          hint: `Try again. If nothing else is running, remove ${lock}.`,
        })
      }
      // Its process was killed between taking and leaving.
      await rm(lock, { force: true })
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

async function requireUnchanged(
  target: string,
  file: string,
  expected: string | null,
): Promise<void> {
  let bytes: Buffer | undefined
  try {
    bytes = await readFile(target)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
  if ((bytes ? sha256Of(bytes) : null) === expected) return
  const how =
    bytes === undefined ? 'has gone' : expected === null ? 'exists already' : 'has changed'
  throw new CaravanError({
    code: 'config_changed',
    message: `${file} ${how} since it was read; nothing was written`,
    hint: 'Look at it and run the command again.',
  })
}

async function writeLike(target: string, temporary: string, text: string): Promise<void> {
  const old = await stat(target).catch(() => undefined)
  await rm(temporary, { force: true })
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    // Only root may give files away; for anyone else the owner is the same already or cannot be kept.
    if (old) await handle.chown(old.uid, old.gid).catch(() => undefined)
    await handle.chmod(old ? old.mode & 0o7777 : 0o640)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
