import { CaravanError, messageOf, systemCode } from './errors.ts'

/** https://man7.org/linux/man-pages/man3/errno.3.html */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'it is a folder',
}

/** Why the system refused a file or folder, in plain words; `own` are words for codes that mean something else there. */
export const reasonOf = (error: unknown, own: Readonly<Record<string, string>> = {}): string => {
  const code = systemCode(error) ?? ''
  return own[code] ?? reasons[code] ?? messageOf(error)
}

/** A file or folder that a command was given cannot be read: `file_missing` when it is not there, else `file_unreadable`. */
export function readFault(path: string, cause: unknown): CaravanError {
  const isMissing = ['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '')
  const why = isMissing ? 'there is no such file or folder' : reasonOf(cause)
  const code = isMissing ? 'file_missing' : 'file_unreadable'
  return new CaravanError({ code, message: `cannot read ${path}: ${why}`, cause })
}
