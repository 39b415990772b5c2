import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { stateSizes } from '../../store/sizes.ts'
import { counted } from '../../core/words.ts'
import type { Check, Finding } from './check.ts'
import { quoted, sizeText } from './texts.ts'

const id = 'disk'

const mb = 1000 ** 2
const plentyBytes = 1000 * mb
const leastBytes = 100 * mb
const leastFiles = 1000

export const disk: Check = {
  id,
  title: 'Disk space',
  async run(patient) {
    const state = await patient.statePath().catch(() => undefined)
    const temporary = patient.app.env.TMPDIR || '/tmp'
    const stateBytes = state ? stateSizes(state).total : 0
    return [...(state ? ofFolder(dirname(state), stateBytes) : []), ...ofTemporary(temporary)]
  },
}

/** An upgrade and a backup each copy the state once. */
function ofFolder(wanted: string, stateBytes: number): Finding[] {
  let folder = wanted
  // One that is still to be made will be on the disk of the folder above.
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  const { bytes, files } = freeOn(folder)
  return judge(folder, bytes, files, Math.max(plentyBytes, 2 * stateBytes))
}

export function judge(
  folder: string,
  bytes: number,
  files: number | undefined,
  wanted: number,
): Finding[] {
  const findings: Finding[] = []
  if (bytes < wanted) {
    findings.push({
      check: id,
      severity: bytes < leastBytes ? 'problem' : 'warning',
      what: `${sizeText(bytes)} are free on the disk of ${folder}`,
      why:
        bytes < leastBytes
          ? 'a write that finds the disk full undoes its whole batch'
          : `upgrades and backups copy the state; ${sizeText(wanted)} are comfortable`,
      mend: `Free some space: du -xh ${quoted(folder)} | sort -h | tail`,
    })
  }
  if (files !== undefined && files < leastFiles) {
    findings.push({
      check: id,
      severity: files < 10 ? 'problem' : 'warning',
      what: `the disk of ${folder} has room for only ${counted(files, 'more file')}`,
      why: 'its inodes are used up, whatever space is free',
      mend: `Find where they went: du --inodes -x ${quoted(folder)} | sort -n | tail`,
    })
  }
  return findings
}

/** SQLite sorts there, and so do large imports. */
function ofTemporary(folder: string): Finding[] {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch {
    return [
      {
        check: id,
        severity: 'problem',
        what: `the folder for temporary files, ${folder}, cannot be written`,
        mend: 'Set TMPDIR to a folder that this user may write into, or unset it.',
      },
    ]
  }
  const { bytes, files } = freeOn(folder)
  return judge(folder, bytes, files, leastBytes)
}

/** What this user may still use. `files` is undefined where the file system does not count them. */
function freeOn(folder: string): { bytes: number; files: number | undefined } {
  const { bavail, bsize, files, ffree } = statfsSync(folder)
  return { bytes: bavail * bsize, files: files > 0 ? ffree : undefined }
}
