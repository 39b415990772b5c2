import { lstatSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import { callLogPath } from '../../store/files.ts'
import type { Check, Finding } from './check.ts'
import { cacheFolder, isKeptCopy, linkOf, namesIn, neighbours, openFiles } from './paths.ts'
import type { Patient } from './patient.ts'
import { dayMs, instantText, quoted, sizeText } from './texts.ts'

const id = 'leftovers'

export const leftovers: Check = {
  id,
  title: 'Files left over',
  async run(patient) {
    const nowMs = patient.now.getTime()
    const cache = cacheFolder(patient.app.env)
    const cached = cache ? namesIn(cache).map((name) => join(cache, name)) : []
    const paths = [...(await neighbours(patient)), ...cached.filter((path) => isDraftOf(path))]
    const own = await ownFiles(patient)
    const drafts = paths.filter((path) => isLeftover(path, own) && isStale(path, nowMs))
    const opened = drafts.length > 0 ? openPaths() : new Set<string>()
    return [
      ...drafts.flatMap((path) => ofLeftover(path, opened)),
      ...paths.filter(isKeptCopy).flatMap((path) => ofCopy(path, nowMs)),
    ]
  },
}

const ulid = '[0-9A-HJKMNP-TV-Z]{26}'

/** What the program writes beside a file before it gets its name, and a kill leaves behind. */
const patterns: readonly RegExp[] = [
  /^\..+\.[0-9a-f]{8}\.part$/, // any file written by formats/atomic-file.ts
  new RegExp(`\\.(?:new|restored|part)-${ulid}(?:-wal|-shm|-journal)?$`), // store: create, restore, backup
  /\.before-\d+\.part(?:-journal)?$/, // store: migrate
  /^config-[0-9a-f]{16}\.json\.\d+$/, // app: overview
]

/** By its name alone. Names that other programs give too must be about one of `own`, files of this project. */
export function isLeftover(path: string, own: readonly string[]): boolean {
  const name = basename(path)
  if (patterns.some((pattern) => pattern.test(name))) return true
  return own.map((file) => basename(file)).some((file) => isDraftBeside(name, file))
}

function isDraftBeside(name: string, file: string): boolean {
  if (name === `.${file}.tmp` || name === `.${file}.lock`) return true // config: write
  const note = `${file}-note.` // store: leftover-wal
  return name.startsWith(note) && /^\d+$/.test(name.slice(note.length))
}

/** The config and both databases, as far as they are known. */
export async function ownFiles(patient: Patient): Promise<string[]> {
  const state = await patient.statePath().catch(() => undefined)
  const config = patient.configFile()
  return [...(config ? [config] : []), ...(state ? [state, callLogPath(state)] : [])]
}

const isDraftOf = (path: string): boolean => basename(path).startsWith('config-')

const staleMs = 3_600_000

function isStale(path: string, nowMs: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats !== undefined && !stats.isDirectory() && nowMs - stats.mtimeMs >= staleMs
}

function ofLeftover(path: string, opened: ReadonlySet<string>): Finding[] {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats || isHeld(path) || opened.has(path)) return []
  const size = stats.isSymbolicLink() ? '' : `, ${sizeText(stats.size)}`
  return [
    {
      check: id,
      severity: 'warning',
      what: `${path} was left by a process that was killed (${instantText(stats.mtime)}${size})`,
      mend: `rm ${quoted(path)}`,
      fix: {
        title: `removed ${path}`,
        run() {
          if (!isHeld(path) && !openPaths().has(path)) rmSync(path, { force: true })
        },
      },
    },
  ]
}

const keptMs = 30 * dayMs

function ofCopy(path: string, nowMs: number): Finding[] {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats || nowMs - stats.mtimeMs < keptMs) return []
  const origin = path.includes('.replaced') ? 'a restore' : 'an upgrade'
  return [
    {
      check: id,
      severity: 'note',
      what: `${path} is the state as it was before ${origin} (${instantText(stats.mtime)}, ${sizeText(stats.size)})`,
      why: 'nothing reads it any more, and it holds what the state held',
      mend: `rm ${quoted(path)}`,
    },
  ]
}

/** Whether the process that the name or the link speaks of still runs. */
function isHeld(path: string): boolean {
  const pid = Number(/\.(\d+)$/.exec(path)?.[1] ?? linkOf(path))
  if (!pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/** Where the system does not tell, the age of a file must be enough. */
const openPaths = (): Set<string> => new Set(openFiles().map(({ path }) => path))
